package web

import (
	"net/http"
	"net/http/pprof" // it adds itself to http.DefaultServeMux, which nothing serves

	"github.com/gorilla/mux"
)

// addProfiles serves what `go tool pprof` reads, to those with credentials: what
// takes the processor's time, what holds memory, and what every goroutine does.
// None of it holds a value: functions, lines and sizes only.
func addProfiles(router *mux.Router, o Options) {
	serve := func(name string, handler http.Handler) {
		router.Handle("/debug/pprof/"+name, guarded(o, deadline(o.RequestLimit, handler))).Methods(http.MethodGet)
	}
	serve("profile", http.HandlerFunc(pprof.Profile))
	for _, name := range []string{"heap", "allocs", "goroutine"} {
		serve(name, pprof.Handler(name))
	}
}
