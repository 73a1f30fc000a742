package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodenames"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodepods"
)

// healthOf returns what says why the agent isn't ready: it hasn't seen the node's pods,
// the node isn't safe, the plugin isn't installed, or names aren't published. The latter
// keeps no pod from being started. installing and named may be nil.
func healthOf(answering *agent.Agent, pods *nodepods.Watch, installing *installer, named *nodenames.Names) func() []string {
	return func() []string {
		problems := answering.Status().Problems
		if !pods.Synced() {
			problems = append(problems, "the node's pods haven't been seen yet: Kubernetes can't be asked, or hasn't answered")
		}
		if installing != nil && installing.Problem() != "" {
			problems = append(problems, installing.Problem())
		}
		if named == nil {
			return problems
		}
		if err := named.Problem(); err != nil {
			problems = append(problems, err.Error())
		}
		return problems
	}
}

// serveHealth serves /healthz, /readyz and /metrics until ctx ends. The agent is
// ready while there are no problems.
func serveHealth(ctx context.Context, address string, registry *prometheus.Registry, problems func() []string) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if wrong := problems(); len(wrong) > 0 {
			http.Error(w, strings.Join(wrong, "\n"), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	return serveHTTP(ctx, address, mux)
}

// serveHTTP serves until ctx ends.
func serveHTTP(ctx context.Context, address string, handler http.Handler) error {
	server := &http.Server{Addr: address, Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10}
	done := make(chan error, 1)
	go func() { done <- server.ListenAndServe() }()
	select {
	case err := <-done:
		return fmt.Errorf("serving health and metrics: %w", err)
	case <-ctx.Done():
	}
	if err := server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
