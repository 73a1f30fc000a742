package web

import (
	"net/http"
)

// reload reads the charts again and answers with what is then offered, as
// /readyz does. If the charts couldn't be read, or the other replicas couldn't
// be told, it answers 503.
func reload(o Options) http.Handler {
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := o.Reload(r.Context()); err != nil {
			reject(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		o.Readiness.serve(w, r)
	})
	return guarded(o, handler)
}
