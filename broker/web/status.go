package web

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyz tells everybody whether the broker is ready, for health checks, and
// those with credentials the rest: the errors of charts and operators may quote
// what is nobody else's business, and each of the checks is a call to others.
func readyz(o Options) http.Handler {
	whole := private(o, http.HandlerFunc(o.Readiness.serve))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !o.PublicStatus && r.Header.Get("Authorization") == "" {
			o.Readiness.serveBrief(w)
			return
		}
		whole.ServeHTTP(w, r)
	})
}

func metrics(o Options) http.Handler {
	return private(o, promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{}))
}

// private asks for credentials, unless the operator has made the status public.
// These requests come every few seconds; none is logged.
func private(o Options, handler http.Handler) http.Handler {
	if o.PublicStatus {
		return handler
	}
	return recoverPanic(o.Log, authenticate(o.Door, o.Log, handler))
}

func (r Readiness) serveBrief(w http.ResponseWriter) {
	ready := r.Synced()
	w.Header().Set("Content-Type", "application/json")
	if !ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(map[string]bool{"ready": ready})
}
