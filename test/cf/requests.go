package cf

import (
	"maps"
	"sync"
)

// record counts what was asked of the server.
type record struct {
	mu       sync.Mutex
	requests map[string]int
}

func (r *record) request(route string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests[route]++
}

// Requests counts the requests so far by method and route, as in
// "POST /networking/v1/external/policies/delete" or "GET /v3/apps/{guid}",
// those that a fault ended included.
func (s *Server) Requests() map[string]int {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	return maps.Clone(s.record.requests)
}
