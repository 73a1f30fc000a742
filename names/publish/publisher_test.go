package publish_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
	"github.com/cf-helm-broker/cf-helm-broker/test/gather"
)

const domain = "svc.cluster.local"

func startDiscovery(t *testing.T, o discovery.Options) *discovery.Server {
	t.Helper()
	o.Domains = []string{domain}
	s, err := discovery.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func settingsFor(s *discovery.Server) publish.Settings {
	return publish.Settings{Servers: s.Servers(), User: s.User(), Password: s.Password(), CAFile: s.CAFile(), CertFile: s.CertFile(), KeyFile: s.KeyFile()}
}

func startPublisher(t *testing.T, settings publish.Settings) (*publish.Publisher, *prometheus.Registry) {
	t.Helper()
	p, registry := startFollower(t, settings)
	p.Lead()
	return p, registry
}

func startFollower(t *testing.T, settings publish.Settings) (*publish.Publisher, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	p := publish.Start(settings, owns, publish.NewMetrics(registry), lager.NewLogger("test"))
	t.Cleanup(p.Close)
	return p, registry
}

// owns tells that all names are ours but those that begin with foreign.
func owns(name string) bool { return !strings.HasPrefix(name, "foreign") }

// records reads "10.0.0.1=a,b": names below the domain.
func records(given ...string) []names.Record {
	var all []names.Record
	for _, word := range given {
		address, list, _ := strings.Cut(word, "=")
		r := names.Record{Address: netip.MustParseAddr(address)}
		for _, name := range strings.Split(list, ",") {
			r.Names = append(r.Names, name+"."+domain)
		}
		all = append(all, r)
	}
	return all
}

// leadsTo waits until a name leads to just these addresses.
func leadsTo(t *testing.T, s *discovery.Server, name string, want ...string) {
	t.Helper()
	discovery.Await(t, 30*time.Second, fmt.Sprintf("%s to lead to %v", name, want), func() string {
		got, err := s.Resolve(t.Context(), name+"."+domain)
		var all []string
		for _, address := range got {
			all = append(all, address.String())
		}
		if err == nil && slices.Equal(all, want) {
			return ""
		}
		return fmt.Sprintf("it leads to %v, %v", all, err)
	})
}

func published(t *testing.T, p *publish.Publisher) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := p.Published(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{})
	p, registry := startPublisher(t, settingsFor(s))
	p.Set("one", records("10.0.0.1=a,b", "10.0.0.2=a"))
	published(t, p)
	leadsTo(t, s, "a", "10.0.0.1", "10.0.0.2")
	leadsTo(t, s, "b", "10.0.0.1")
	p.Set("two", records("10.0.0.3=c"))
	p.Set("one", records("10.0.0.2=a"))
	leadsTo(t, s, "a", "10.0.0.2")
	leadsTo(t, s, "b")
	leadsTo(t, s, "c", "10.0.0.3")
	if err := p.Problem(); err != nil {
		t.Error(err)
	}
	discovery.Await(t, 30*time.Second, "an answer of the controller", func() string {
		if at := gather.Gauge(t, registry, "cf_helm_broker_names_last_answer_timestamp_seconds"); time.Since(time.Unix(int64(at), 0)) < time.Minute {
			return ""
		}
		return "none"
	})
	for name, want := range map[string]float64{"cf_helm_broker_names": 2, "cf_helm_broker_names_connected": 1} {
		if got := gather.Gauge(t, registry, name); got != want {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	p.Set("one", nil)
	p.Set("two", nil)
	leadsTo(t, s, "a")
	leadsTo(t, s, "c")
}

// TestClose leaves names to the next.
func TestClose(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{})
	p, _ := startPublisher(t, settingsFor(s))
	p.Set("one", records("10.0.0.1=a"))
	published(t, p)
	leadsTo(t, s, "a", "10.0.0.1")
	p.Close()
	for _, m := range s.Heard() {
		if m.Kind == discovery.Unregister {
			t.Errorf("it took back %v", m)
		}
	}
	leadsTo(t, s, "a", "10.0.0.1")
	p.Set("one", nil)
	if err := p.Published(t.Context()); err == nil || !strings.Contains(err.Error(), "the publisher was closed") {
		t.Errorf("published after it was closed: %v", err)
	}
}

// TestLives registers again within the interval that the controller announces.
func TestLives(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{Interval: time.Second, Staleness: 1500 * time.Millisecond, Pruning: 50 * time.Millisecond})
	p, _ := startPublisher(t, settingsFor(s))
	p.Set("one", records("10.0.0.1=a", "10.0.0.2=b", "10.0.0.3=c"))
	leadsTo(t, s, "a", "10.0.0.1")
	live(t, s, "10.0.0.1", "10.0.0.2", "10.0.0.3")
	p.Close()
	leadsTo(t, s, "a") // nobody has
}

// live waits until each address was registered again three times.
func live(t *testing.T, s *discovery.Server, addresses ...string) {
	t.Helper()
	s.Forget()
	discovery.Await(t, 30*time.Second, fmt.Sprintf("%v to be registered again three times", addresses), func() string {
		times := map[string]int{}
		for _, m := range s.Heard() {
			if m.Kind == discovery.Register {
				times[m.Address]++
			}
		}
		if slices.ContainsFunc(addresses, func(address string) bool { return times[address] < 3 }) {
			return fmt.Sprint(times)
		}
		return ""
	})
}

// TestControllerStarts anew, and knows everything before it could have been
// renewed.
func TestControllerStarts(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{Interval: 20 * time.Second})
	p, _ := startPublisher(t, settingsFor(s))
	p.Set("one", records("10.0.0.1=a", "10.0.0.2=b"))
	leadsTo(t, s, "a", "10.0.0.1")
	s.StopController()
	p.Set("one", records("10.0.0.2=b", "10.0.0.3=c"))
	published(t, p)
	if err := s.StartController(); err != nil {
		t.Fatal(err)
	}
	leadsTo(t, s, "b", "10.0.0.2")
	leadsTo(t, s, "c", "10.0.0.3")
	leadsTo(t, s, "a")
}

// TestManyStarts aren't answered with everything each.
func TestManyStarts(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{})
	p, _ := startPublisher(t, settingsFor(s))
	p.Set("one", records("10.0.0.1=a"))
	leadsTo(t, s, "a", "10.0.0.1")
	s.Forget()
	began := time.Now()
	for range 30 {
		s.StopController()
		if err := s.StartController(); err != nil {
			t.Fatal(err)
		}
	}
	leadsTo(t, s, "a", "10.0.0.1")
	// One a second, and beside them the last's second, the repeat of the first change and a renewal.
	if most := int(time.Since(began).Seconds()) + 5; len(s.Heard()) > most {
		t.Errorf("30 starts were answered %d times, want at most %d", len(s.Heard()), most)
	}
}

// TestNATSAway blocks nobody, and what is wanted then is published afterwards,
// also what isn't any more.
func TestNATSAway(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{})
	p, registry := startPublisher(t, settingsFor(s))
	p.Set("one", records("10.0.0.1=a", "10.0.0.2=b"))
	leadsTo(t, s, "a", "10.0.0.1")
	leadsTo(t, s, "b", "10.0.0.2")
	s.StopNATS(0)
	discovery.Await(t, 30*time.Second, "the publisher to see it", func() string {
		if p.Problem() != nil && gather.Gauge(t, registry, "cf_helm_broker_names_connected") == 0 {
			return ""
		}
		return "it hasn't"
	})
	began := time.Now()
	for i := range 1000 {
		p.Set("one", records(fmt.Sprintf("10.0.1.%d=a", i%200), "10.0.0.2=b"))
	}
	p.Set("one", records("10.0.0.3=a", "10.0.0.2=b"))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("1001 times Set took %s", took)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := p.Published(short); err == nil || !strings.Contains(err.Error(), "aren't published yet") || !strings.Contains(err.Error(), s.Servers()[0]) {
		t.Errorf("published without NATS: %v", err)
	}
	leadsTo(t, s, "a", "10.0.0.1")
	if err := s.StartNATS(0); err != nil {
		t.Fatal(err)
	}
	leadsTo(t, s, "a", "10.0.0.3")
	leadsTo(t, s, "b", "10.0.0.2")
	discovery.Await(t, 30*time.Second, "the problem to be over", func() string {
		if err := p.Problem(); err != nil {
			return err.Error()
		}
		return ""
	})
}

// TestSeveralServers go on with those that are left.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{Servers: 2})
	p, _ := startPublisher(t, settingsFor(s))
	for i := range 2 {
		s.StopNATS(i)
		name := fmt.Sprintf("n%d", i)
		p.Set(name, records("10.0.0.1="+name))
		leadsTo(t, s, name, "10.0.0.1")
		if err := s.StartNATS(i); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFlipping ends with what was wanted last, though the controller reads what
// is registered and what is taken back side by side.
func TestFlipping(t *testing.T) {
	t.Parallel()
	const all = 400
	s := startDiscovery(t, discovery.Options{})
	p, _ := startPublisher(t, settingsFor(s))
	scope := func(i int) (string, []names.Record) { return fmt.Sprint(i), records(fmt.Sprintf("10.0.0.1=n%d", i)) }
	for i := range all {
		name, wanted := scope(i)
		p.Set(name, wanted)
		published(t, p)
		p.Set(name, nil)
		published(t, p)
		if i%2 == 0 {
			p.Set(name, wanted)
			published(t, p)
		}
	}
	for i := range all {
		if i%2 == 0 {
			leadsTo(t, s, fmt.Sprintf("n%d", i), "10.0.0.1")
		} else {
			leadsTo(t, s, fmt.Sprintf("n%d", i))
		}
	}
}

// TestServerName and plain NATS connect.
func TestServerName(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{})
	settings := settingsFor(s)
	settings.ServerName = "nats.service.cf.internal"
	p, _ := startPublisher(t, settings)
	p.Set("one", records("10.0.0.1=a"))
	leadsTo(t, s, "a", "10.0.0.1")
	plain := startDiscovery(t, discovery.Options{Plain: true})
	q, _ := startPublisher(t, publish.Settings{Servers: plain.Servers(), User: plain.User(), Password: plain.Password()})
	q.Set("one", records("10.0.0.1=a"))
	leadsTo(t, plain, "a", "10.0.0.1")
}
