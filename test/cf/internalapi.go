package cf

import (
	"net/http"
	"slices"
	"strings"
)

// routeInternal offers what a node's policy agent asks (policy-server-internal of
// cf-networking-release, GET /networking/v1/internal/policies): policies with the
// tags of both ends. The real one listens on a port of its own and wants a client's
// certificate; here it is beside the external one and open.
func (s *Server) routeInternal(mux *http.ServeMux) {
	mux.HandleFunc("GET /networking/{version}/internal/policies", func(w http.ResponseWriter, r *http.Request) {
		writePolicyAnswer(w, newPayload(s.policies.tagged(strings.Split(r.URL.Query().Get("id"), ","))))
	})
}

// tagged are the policies with one of the ids at either end, and their tags, as they
// are at one moment.
func (s *policyStore) tagged(ids []string) []Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Policy{}
	for p := range s.rows {
		if slices.Contains(ids, p.Source.ID) || slices.Contains(ids, p.Destination.ID) {
			p.Source.Tag, p.Destination.Tag = s.tags.of(p.Source.ID), s.tags.of(p.Destination.ID)
			found = append(found, p)
		}
	}
	slices.SortFunc(found, comparePolicies)
	return found
}
