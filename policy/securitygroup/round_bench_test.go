package securitygroup_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// BenchmarkRound2000 looks for what is missing of 2,000 bindings, 20 of each of 100
// instances with three pods, where nothing is. The cloud controller's stand-in is in this process, and counts.
func BenchmarkRound2000(b *testing.B) {
	const instances, bindings = 100, 20
	w := newWorld(b, cf.Options{})
	var all []policy.Policy
	for n := range instances {
		group := uuid.NewString()
		w.pods[group] = []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(n), 1}), netip.AddrFrom4([4]byte{10, 1, byte(n), 1}), netip.AddrFrom4([4]byte{10, 2, byte(n), 1})}
		for range bindings {
			app := uuid.NewString()
			w.spaces[app] = w.Space()
			all = append(all, policy.To(app, group, "tcp", 5432))
		}
	}
	e := w.replica(securitygroup.Settings{})
	if err := e.Create(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	before := w.Requests()
	b.ReportAllocs()
	for b.Loop() {
		if missing, err := e.Missing(b.Context(), all); err != nil || len(missing) > 0 {
			b.Fatal(len(missing), err)
		}
	}
	var requests int
	for route, n := range w.Requests() {
		if requests += n - before[route]; n > before[route] && !slices.Contains([]string{"GET /v3/security_groups"}, route) {
			b.Errorf("it asked %s as well", route)
		}
	}
	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
}
