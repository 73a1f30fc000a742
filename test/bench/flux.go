package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
)

// What flux-benchmark publishes of helm-controller 1.0 (Flux 2.3): 100 releases in
// 28 s, 500 in 165 s, 1,000 in 481 s, 10 at a time. Its machine has 16 processors, of
// which the controller may use 2.
const (
	fluxReleases = 300
	fluxAtATime  = 10
	fluxRate     = 3.6
)

// measureFlux makes releases as flux-benchmark does: a Deployment scaled to zero.
func measureFlux(ctx context.Context, s *stage) (_ []row, err error) {
	w, err := s.newWorld(ctx, "flux")
	if err != nil {
		return nil, err
	}
	w.charts = filepath.Join(s.root, "test", "bench", "flux")
	if err := w.start(ctx, nil); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	if _, err := w.create(ctx, w.newInstance(), tightPoll); err != nil {
		return nil, fmt.Errorf("warming up: %w", err)
	}
	rate, err := throughput(ctx, fluxReleases, fluxAtATime, func(ctx context.Context, _ int) error {
		_, err := w.create(ctx, w.newInstance(), loosePoll)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := row{name: "300 releases of a Deployment scaled to zero, 10 at a time", value: rate, unit: "releases/s", n: 1}.
		to("helm-controller's published", fluxRate, aim{}).
		note("here on %d processors, which the broker shares with the cluster and this program; each in a namespace of its own, with an account, rights and policies", runtime.NumCPU()).
		note("helm-controller: %s/s for 100 releases, 3.0/s for 500, on 16 processors, 2 of them for it (fluxcd/flux-benchmark, RESULTS.md, v2.3); its chart has a ServiceAccount, a Service and an Ingress besides", figure(fluxRate))
	return []row{r}, nil
}
