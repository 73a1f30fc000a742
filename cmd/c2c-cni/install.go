package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodelease"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// installer keeps what there is to install on the node. Pods that have networks need
// the program, so nothing is taken away when the node becomes unsafe.
type installer struct {
	settings  settings
	answering *agent.Agent
	teller    *agent.Teller
	log       lager.Logger

	mu    sync.Mutex
	wrong string // why it isn't there; "": it is
}

// newInstaller returns nothing where there is nothing to install.
func newInstaller(s settings, answering *agent.Agent, teller *agent.Teller, log lager.Logger) *installer {
	if s.BinDir == "" && s.ConfDir == "" {
		return nil
	}
	return &installer{settings: s, answering: answering, teller: teller, log: log.Session("install"),
		wrong: "the plugin isn't installed yet: that is done as soon as the node is safe"}
}

// Problem is why the plugin isn't on the node as it should be, and what to do; "": it is.
func (i *installer) Problem() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.wrong
}

// run installs as soon as the node is safe, and again when somebody has changed what
// is there, until ctx ends.
func (i *installer) run(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the program to install: %w", err)
	}
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		if i.answering.Status().Ready {
			i.once(program)
			again.Reset(i.settings.interval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

func (i *installer) once(program string) {
	place := i.settings.place(program)
	changed, err := place.Ensure()
	if dir := i.settings.stateDir(); err == nil && dir != "" {
		// The guard reads there which pods there are, and has to see what the plugin writes.
		err = os.MkdirAll(dir, 0o700)
	}
	wrong := ""
	var problems []string
	if err != nil {
		wrong = fmt.Sprintf("the plugin can't be installed, and pods start with what was there before, or not at all; mend this, it is tried again: %v", err)
		problems = []string{wrong}
	}
	i.mu.Lock()
	before := i.wrong
	i.wrong = wrong
	i.mu.Unlock()
	if err != nil && before != wrong {
		i.log.Error("not-installed", err)
	}
	if err == nil && (changed || before != "") {
		i.log.Info("installed", lager.Data{"files": place.Files(), "written": changed})
	}
	i.teller.Found(problems)
}

func uninstall(ctx context.Context, s settings, out io.Writer) error {
	place := s.place("")
	if err := place.Remove(); err != nil {
		return err
	}
	for _, file := range place.Files() {
		_, _ = fmt.Fprintf(out, "%s is gone\n", file)
	}
	if err := removeLease(ctx, s); err != nil {
		// Nothing on the node depends on it.
		_, _ = fmt.Fprintf(out, "the node's Lease may be left, and binds wait for it if pods run here: %v; kubectl -n %s delete lease %s\n", err, podgroup.AgentsNamespace, s.Node)
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

// removeLease has no bind wait for the node any more. By hand on one node, where it
// isn't said how to reach Kubernetes, it does nothing.
func removeLease(ctx context.Context, s settings) error {
	if s.Node == "" {
		return nil
	}
	config, err := restConfig(s.Kubeconfig)
	if err != nil {
		return err
	}
	lease, err := nodelease.New(config, s.Node, nil, lager.NewLogger("c2c-cni"))
	if err != nil {
		return err
	}
	return lease.Remove(ctx)
}
