package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const (
	followed = 10 // instances at once
	grown    = 10 // pods of each, one after the other
)

// measureNames measures how soon a name leads to a pod that has come.
func measureNames(ctx context.Context, s *stage) (_ []row, err error) {
	w, err := s.newWorld(ctx, "named")
	if err != nil {
		return nil, err
	}
	if err := w.startNaming(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	var fromReady, fromSlice, toSlice sampled
	group, growing := errgroup.WithContext(ctx)
	for range followed {
		group.Go(func() error {
			g, err := w.newGrowth(growing)
			if err != nil {
				return err
			}
			for n := range grown {
				a, err := g.grow(growing, n+2)
				if err != nil {
					return err
				}
				fromReady.add(milliseconds(a.answered.Sub(a.ready)))
				fromSlice.add(milliseconds(a.answered.Sub(a.sliced)))
				toSlice.add(milliseconds(a.sliced.Sub(a.ready)))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slice, ready, kubernetes := fromSlice.values(), fromReady.values(), toSlice.values()
	return []row{
		row{name: "EndpointSlice changed → first DNS answer, p99", value: quantile(slice, 0.99), unit: "ms", n: len(slice)}.is(atMost(1000)).
			note("p50 %s ms; the name was asked for every %s", figure(quantile(slice, 0.5)), askEvery),
		row{name: "pod Ready → first DNS answer, p99", value: quantile(ready, 0.99), unit: "ms", n: len(ready)}.
			note("p50 %s ms; of it Kubernetes takes to the EndpointSlice: p50 %s ms, p99 %s ms", figure(quantile(ready, 0.5)), figure(quantile(kubernetes, 0.5)), figure(quantile(kubernetes, 0.99))),
	}, nil
}

// newGrowth makes an instance with one pod, to which an app is bound.
func (w *world) newGrowth(ctx context.Context) (*growth, error) {
	i := w.newInstance()
	if _, err := w.create(ctx, i, tightPoll); err != nil {
		return nil, err
	}
	answer, err := w.client.Bind(ctx, i, uuid.NewString(), w.cf.AddApp(cf.App{}).GUID)
	if err := want(answer, err, http.StatusCreated); err != nil {
		return nil, fmt.Errorf("binding: %w", err)
	}
	return w.watchGrowth(ctx, i)
}
