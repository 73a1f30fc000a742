package e2e

import (
	"maps"
	"slices"
	"sync"
	"testing"
)

// TestConformanceAtOnce sends each request several times at the same time: one
// of them does what the others are told of.
func TestConformanceAtOnce(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", fields{"image": neverReady})
	create := s.oneOperation(s.put())
	s.hold()
	if remove := s.oneOperation(s.remove()); remove == create {
		t.Error("the delete has the create's operation")
	}
	s = f.made("plain", nil)
	b := s.binding()
	statuses, bodies := s.atOnce(b.put())
	if slices.Sort(statuses); !slices.Equal(statuses, []int{200, 200, 200, 200, 200, 201}) || len(bodies) != 1 {
		t.Errorf("binds at once were answered %v with %d bodies", statuses, len(bodies))
	}
	statuses, _ = s.atOnce(b.remove())
	if slices.Sort(statuses); statuses[0] != 200 || slices.ContainsFunc(statuses, func(status int) bool { return status != 200 && status != 410 }) {
		t.Errorf("unbinds at once were answered %v", statuses)
	}
	s.oneOperation(s.patch(fields{"parameters": fields{"image": neverReady}}))
}

// oneOperation sends a request that all have to be answered with the same operation.
func (s subject) oneOperation(r request) string {
	s.t.Helper()
	statuses, bodies := s.atOnce(r)
	if slices.Sort(statuses); statuses[0] != 202 || statuses[len(statuses)-1] != 202 || len(bodies) != 1 {
		s.t.Fatalf("%s at once were answered %v: %v", r.method, statuses, slices.Collect(maps.Keys(bodies)))
	}
	return s.accepted(r)
}

// atOnce sends the request six times and returns the statuses, and the bodies
// without repeats.
func (s subject) atOnce(r request) (statuses []int, bodies map[string]bool) {
	s.t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	bodies = map[string]bool{}
	for range 6 {
		all.Go(func() {
			answer, err := s.send(s.t.Context(), r)
			if err != nil {
				s.t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			statuses, bodies[string(answer.Body)] = append(statuses, answer.Status), true
		})
	}
	all.Wait()
	return statuses, bodies
}
