package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/worker"
)

// wire is an overlay of one cell and one worker, with the apps' containers on the cell.
type wire struct {
	overlay *silk.Overlay
	worker  *worker.Worker
	apps    map[string]*silk.Workload // by GUID
}

// wantsPackets tells whether the demonstration is to send packets.
func wantsPackets() bool { return os.Getenv("PACKETS") != "" && os.Getenv("PACKETS") != "0" }

// openWire starts the overlay, has pods run on its worker with that c2c-cni, and starts
// the apps.
func (s *stage) openWire(ctx context.Context, program string) (_ *wire, err error) {
	w := &wire{apps: map[string]*silk.Workload{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.overlay, err = silk.Start(ctx, silk.Options{Nodes: []string{"cell", "silk-worker"}, PolicyServer: s.cf.URL()}); err != nil {
		return nil, err
	}
	if err := worker.KeepOffOthers(ctx, s.kube); err != nil {
		return nil, err
	}
	account, err := worker.MakeAccount(ctx, s.cluster.RESTConfig())
	if err != nil {
		return nil, err
	}
	w.worker, err = worker.Start(ctx, account, worker.Options{
		Node: w.overlay.Node("silk-worker"), Config: s.cluster.RESTConfig(), Program: program, PluginFolder: w.overlay.PluginFolder(),
	})
	if err != nil {
		return nil, err
	}
	for _, app := range []cf.App{s.web, s.jobs} {
		if w.apps[app.GUID], err = w.overlay.Node("cell").RunApp(app.Name, app.GUID); err != nil {
			return nil, fmt.Errorf("starting app %s: %w", app.Name, err)
		}
	}
	return w, nil
}

func (w *wire) close() error {
	var errs []error
	if w.worker != nil {
		errs = append(errs, w.worker.Close())
	}
	if w.overlay != nil {
		errs = append(errs, w.overlay.Close())
	}
	return errors.Join(errs...)
}
