package main

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/requests"
)

// traceRequests prints what the broker asks of the API server for one create,
// bind, unbind and delete: when each request began and how long it took. It adds no
// row: through the proxy everything takes longer.
func traceRequests(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.newWorld(ctx, "traced")
	if err != nil {
		return nil, err
	}
	if err := w.startCounted(ctx, nil); err != nil {
		return nil, err
	}
	if err := w.warmUp(ctx); err != nil {
		return nil, err
	}
	i, binding, app := w.newInstance(), uuid.NewString(), w.cf.AddApp(cf.App{}).GUID
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"create", func(ctx context.Context) error { _, err := w.create(ctx, i, tightPoll); return err }},
		{"bind", func(ctx context.Context) error {
			answer, err := w.client.Bind(ctx, i, binding, app)
			return want(answer, err, http.StatusCreated)
		}},
		{"unbind", func(ctx context.Context) error {
			answer, err := w.client.Unbind(ctx, i, binding)
			return want(answer, err, http.StatusOK)
		}},
		{"delete", func(ctx context.Context) error {
			answer, err := w.client.Deprovision(ctx, i)
			return want(answer, err, http.StatusOK)
		}},
	}
	for _, step := range steps {
		if err := w.trace(ctx, step.name, step.do); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// warmUp does everything once, for the caches.
func (w *world) warmUp(ctx context.Context) error {
	i, binding := w.newInstance(), uuid.NewString()
	if _, err := w.create(ctx, i, tightPoll); err != nil {
		return err
	}
	answer, err := w.client.Bind(ctx, i, binding, w.cf.AddApp(cf.App{}).GUID)
	if err := want(answer, err, http.StatusCreated); err != nil {
		return err
	}
	answer, err = w.client.Unbind(ctx, i, binding)
	return want(answer, err, http.StatusOK)
}

func (w *world) trace(ctx context.Context, name string, do func(context.Context) error) error {
	if err := pause(ctx, 2*time.Second); err != nil { // for what the last one has set going
		return err
	}
	mark, begin := w.counter.Mark(), time.Now()
	took, err := timed(ctx, do)
	if err != nil {
		return err
	}
	asked := w.counter.Since(mark)
	w.out.line("\n%s: %s ms, %d requests to the API server", name, figure(took), len(asked))
	w.listRequests(begin, asked)
	return nil
}

func (w *world) listRequests(begin time.Time, asked []requests.Request) {
	for _, r := range asked {
		w.out.line("  at %6.1f ms for %6.1f ms  %-40s %s", milliseconds(r.Start.Sub(begin)), milliseconds(r.Took), r.What, r.Path)
	}
}
