package cf

import (
	"encoding/json"
	"net/http"
	"strings"
)

// handler is every part behind its faults, with each request counted, and the
// control route beside them.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.serveRoot)
	mux.HandleFunc("POST /uaa/oauth/token", s.serveToken)
	s.routeCC(mux)
	s.routePolicies(mux)
	s.routeInternal(mux)
	s.routeCredHub(mux)
	s.routeControl(mux)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		part, ok := partOf(r.URL.Path)
		if !ok {
			mux.ServeHTTP(w, r)
			return
		}
		route := routeOf(mux, r)
		s.record.request(route)
		fault, ok := s.faults.take(part, route)
		if !ok {
			mux.ServeHTTP(w, r)
			return
		}
		s.fail(w, r, part, fault, mux)
	})
}

// partOf names the part that serves a path, false for the control route.
func partOf(path string) (Part, bool) {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "_standin":
		return "", false
	case "uaa":
		return UAA, true
	case "v3":
		return CC, true
	case "networking":
		return PolicyAPI, true
	case "credhub":
		return CredHub, true
	}
	return APIRoot, true
}

// routeOf is the method and the route that a request matches, with {guid} for a
// GUID and the API version as asked for: "POST /networking/v1/external/policies".
func routeOf(mux *http.ServeMux, r *http.Request) string {
	_, pattern := mux.Handler(r)
	_, path, found := strings.Cut(pattern, " ")
	if !found {
		path = "(unknown)"
	}
	if rest, ok := strings.CutPrefix(path, "/networking/{version}/"); ok {
		path = "/networking/" + strings.Split(r.URL.Path, "/")[2] + "/" + rest
	}
	return r.Method + " " + strings.TrimSuffix(path, "{$}")
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only when the client has gone
}
