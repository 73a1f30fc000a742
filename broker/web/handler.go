package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/pivotal-cf/brokerapi/v10"
	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"
	"github.com/pivotal-cf/brokerapi/v10/middlewares"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// Options are what a Handler is made of.
type Options struct {
	Broker domain.ServiceBroker
	Door   *door.Door
	// PublicStatus shows everybody what /readyz and /metrics tell. Without, it
	// takes credentials; those who have none learn from /readyz only whether
	// the broker is ready.
	PublicStatus bool
	// RequestsAtOnce is how many requests with credentials are carried out at
	// a time.
	RequestsAtOnce int64
	// BodyLimit is the longest request body, in bytes.
	BodyLimit int64
	// RequestLimit is how long a request may take.
	RequestLimit time.Duration
	Readiness    Readiness
	// Reload reads the charts again, here and on the other replicas.
	Reload   func(context.Context) error
	Registry *prometheus.Registry
	Log      lager.Logger

	places *semaphore.Weighted
}

// Handler serves OSBAPI under /v2, POST /admin/charts/reload, /debug/pprof, /readyz,
// /metrics and, to everybody, /healthz.
func Handler(o Options) http.Handler {
	o.places = semaphore.NewWeighted(o.RequestsAtOnce)
	// Clean paths are redirected to and encoded ones decoded by default; here
	// an id such as "..%2F" has to reach the check that refuses it.
	router := mux.NewRouter().SkipClean(true).UseEncodedPath()
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reject(w, http.StatusNotFound, "there is nothing at this path; the service broker API is under /v2, health at /healthz and /readyz, metrics at /metrics, POST /admin/charts/reload reads the charts again, /debug/pprof/heap and the like are profiles")
	})
	router.HandleFunc("/healthz", healthy).Methods(http.MethodGet)
	router.Handle("/readyz", readyz(o)).Methods(http.MethodGet)
	router.Handle("/metrics", metrics(o)).Methods(http.MethodGet)
	router.Handle("/admin/charts/reload", reload(o)).Methods(http.MethodPost)
	addProfiles(router, o)
	router.PathPrefix("/v2/").Handler(osbapi(o))
	return router
}

// osbapi is brokerapi's handler behind the door. The outermost comes first.
func osbapi(o Options) http.Handler {
	handler := jsonBody(brokerapi.NewWithOptions(anyPlan{issuing{o.Broker}}, Quiet(o.Log), brokerapi.WithRouter(routes())))
	handler = deadline(o.RequestLimit, handler)
	handler = addEndpoints(handler)
	handler = retryAfter(handler)
	handler = checkBody(o.BodyLimit, handler)
	handler = checkHeaders(handler)
	return guarded(o, handler)
}

// guarded puts a handler behind the door, and logs each request.
func guarded(o Options, handler http.Handler) http.Handler {
	handler = atMost(o.places, handler)
	handler = authenticate(o.Door, o.Log, handler)
	handler = recoverPanic(o.Log, handler)
	return correlate(o.Door, o.Log, handler)
}

// routes is brokerapi's router with its usual middleware, but with answers of
// OSBAPI's form where there is no such route, and where the version is wrong.
func routes() chi.Router {
	router := chi.NewRouter()
	router.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		reject(w, http.StatusNotFound, "the Open Service Broker API has nothing at this path")
	})
	router.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		reject(w, http.StatusMethodNotAllowed, "the Open Service Broker API has no "+r.Method+" at this path")
	})
	router.Use(checkVersion, middlewares.AddCorrelationIDToContext, middlewares.AddOriginatingIdentityToContext, middlewares.AddRequestIdentityToContext)
	return router
}

// reject answers with OSBAPI's error body (OSBAPI "Error Codes").
func reject(w http.ResponseWriter, status int, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client that has gone away doesn't miss its answer.
	_ = json.NewEncoder(w).Encode(apiresponses.ErrorResponse{Description: description})
}
