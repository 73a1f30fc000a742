package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
)

// keepInstalled installs what there is to install as soon as the node is safe, and
// again when somebody has changed it, until ctx ends. Pods that have networks need
// the program, so nothing is taken away when the node becomes unsafe.
func keepInstalled(ctx context.Context, s settings, answering *agent.Agent, log lager.Logger) error {
	if s.BinDir == "" && s.ConfDir == "" {
		return nil
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the program to install: %w", err)
	}
	place, log := s.place(program), log.Session("install")
	again := time.NewTicker(time.Second)
	defer again.Stop()
	said := ""
	for {
		if answering.Status().Ready {
			changed, err := place.Ensure()
			switch {
			case err != nil && err.Error() != said:
				said = err.Error()
				log.Error("not-installed", err)
			case err == nil && changed:
				said = ""
				log.Info("installed", lager.Data{"files": place.Files()})
			}
			again.Reset(s.interval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

func uninstall(ctx context.Context, s settings, out io.Writer) error {
	place := s.place("")
	if err := place.Remove(); err != nil {
		return err
	}
	for _, file := range place.Files() {
		_, _ = fmt.Fprintf(out, "%s is gone\n", file)
	}
	if !s.stay {
		return nil
	}
	if s.Listen == "" {
		<-ctx.Done()
		return nil
	}
	// A DaemonSet goes on to the next node when this one's pod is ready.
	return serveHTTP(ctx, s.Listen, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "uninstalled") }))
}
