package main

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const binds = 41

func measureBinds(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.smallWorld(ctx)
	if err != nil {
		return nil, err
	}
	i := w.newInstance()
	if _, err := w.create(ctx, i, tightPoll); err != nil {
		return nil, err
	}
	var bound, unbound []float64
	for range binds {
		app, binding := w.cf.AddApp(cf.App{}).GUID, uuid.NewString()
		took, err := timed(ctx, func(ctx context.Context) error {
			answer, err := w.client.Bind(ctx, i, binding, app)
			return want(answer, err, http.StatusCreated)
		})
		if err != nil {
			return nil, err
		}
		bound = append(bound, took)
		if !w.opened(app) {
			return nil, errors.New("a bind has opened no policy")
		}
		took, err = timed(ctx, func(ctx context.Context) error {
			answer, err := w.client.Unbind(ctx, i, binding)
			return want(answer, err, http.StatusOK)
		})
		if err != nil {
			return nil, err
		}
		unbound = append(unbound, took)
		if w.opened(app) {
			return nil, errors.New("an unbind has left a policy open")
		}
	}
	return []row{
		row{name: "bind with policy, median", value: median(bound), unit: "ms", n: binds}.is(atMost(50)).
			note("p99 %s ms; the credentials come from a bind template", figure(quantile(bound, 0.99))),
		row{name: "unbind, median", value: median(unbound), unit: "ms", n: binds}.is(atMost(30)).
			note("p99 %s ms", figure(quantile(unbound, 0.99))),
	}, nil
}

// opened tells whether any policy lets the app reach something.
func (w *world) opened(app string) bool {
	return slices.ContainsFunc(w.cf.Policies(), func(p cf.Policy) bool { return p.Source.ID == app })
}
