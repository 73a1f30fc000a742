package publish_test

import (
	"fmt"
	"net/netip"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// instance is what a Service of three pods, each with a name of its own, has to be
// published.
func instance(i, address int) []names.Record {
	var all []names.Record
	below := fmt.Sprintf("db.cf-helm-00000000-0000-0000-0000-%012d.%s", i, domain)
	for pod := range 3 {
		n := address*3 + pod
		all = append(all, names.Record{Address: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), Names: []string{below, fmt.Sprintf("db-%d.%s", pod, below)}})
	}
	return all
}

// BenchmarkChange is the time from Set to DNS, beside 2,000 other instances of 3
// pods.
func BenchmarkChange(b *testing.B) {
	s, err := discovery.Start(discovery.Options{Domains: []string{domain}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	p := publish.Start(settingsFor(s), owns, publish.NewMetrics(prometheus.NewRegistry()), lager.NewLogger("bench"))
	defer p.Close()
	for i := range 2000 {
		p.Set(fmt.Sprint(i), instance(i, i))
	}
	p.Lead()
	if err := p.Published(b.Context()); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		n++
		records := instance(0, 3000+n%1000)
		p.Set("0", records)
		for {
			got, err := s.Resolve(b.Context(), records[0].Names[1])
			if err != nil {
				b.Fatal(err)
			}
			if len(got) == 1 && got[0] == records[0].Address {
				break
			}
		}
	}
}
