package discovery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/nats-io/nats.go"

	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// TestWhoMayConnect is who has both a certificate and the password.
func TestWhoMayConnect(t *testing.T) {
	s := start(t, discovery.Options{})
	for what, c := range map[string]struct{ cert, key, password, want string }{
		"both":                  {s.CertFile(), s.KeyFile(), s.Password(), ""},
		"no certificate":        {"", "", s.Password(), "tls"},
		"somebody else's":       {s.StrangerCertFile(), s.StrangerKeyFile(), s.Password(), "tls"},
		"another password":      {s.CertFile(), s.KeyFile(), "wrong", "authorization"},
		"no password":           {s.CertFile(), s.KeyFile(), "", "authorization"},
		"nothing but a name":    {"", "", "", "tls"},
		"everything once again": {s.CertFile(), s.KeyFile(), s.Password(), ""},
	} {
		conn, err := connect(t, s, c.cert, c.key, c.password)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(strings.ToLower(err.Error()), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
		if conn != nil {
			conn.Close()
		}
	}
}

// TestStarts are announced: the controller's, and its return to NATS.
func TestStarts(t *testing.T) {
	s := start(t, discovery.Options{Interval: 7 * time.Second, Domains: []string{domain}})
	conn := dial(t, s)
	heard := make(chan *nats.Msg, 10)
	if _, err := conn.ChanSubscribe("service-discovery.start", heard); err != nil {
		t.Fatal(err)
	}
	g := target{conn: conn, resolve: s.Resolve}
	g.say(t, "register", `{"host":"10.0.0.1","uris":["a.`+domain+`"]}`)
	g.leadsTo(t, "a."+domain, "10.0.0.1")

	s.StopController()
	if got, err := s.Resolve(t.Context(), "a."+domain); err == nil || !strings.Contains(err.Error(), "SERVFAIL") {
		t.Errorf("without a controller: %v, %v", got, err)
	}
	if err := s.StartController(); err != nil {
		t.Fatal(err)
	}
	checkAnnouncement(t, <-heard, 7)
	g.leadsTo(t, "a."+domain) // it has begun anew

	g.say(t, "register", `{"host":"10.0.0.1","uris":["a.`+domain+`"]}`)
	g.leadsTo(t, "a."+domain, "10.0.0.1")
	s.StopNATS(0)
	g.leadsTo(t, "a."+domain, "10.0.0.1") // it answers without NATS
	if err := s.StartNATS(0); err != nil {
		t.Fatal(err)
	}
	// Who is back before the listener is isn't heard: it comes again.
	for range 5 {
		select {
		case m := <-heard:
			checkAnnouncement(t, m, 7)
			return
		case <-time.After(3 * time.Second):
			s.StopNATS(0)
			if err := s.StartNATS(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Error("NATS came back five times, and the controller said nothing")
}

// TestCluster hears on one server what was said on another.
func TestCluster(t *testing.T) {
	s := start(t, discovery.Options{Servers: 2, Domains: []string{domain}})
	if len(s.Servers()) != 2 {
		t.Fatalf("servers %v", s.Servers())
	}
	s.StopNATS(0)
	if err := s.StartNATS(0); err != nil {
		t.Fatal(err)
	}
	g := target{conn: dial(t, s), resolve: s.Resolve}
	discovery.Await(t, 20*time.Second, "a message to get from server to server", func() string {
		g.say(t, "register", `{"host":"10.0.0.1","uris":["a.`+domain+`"]}`)
		if got, err := s.Resolve(t.Context(), "a."+domain); err != nil || len(got) != 1 {
			return fmt.Sprint(got, err)
		}
		return ""
	})
}

// TestDNS answers as BOSH DNS does.
func TestDNS(t *testing.T) {
	s := start(t, discovery.Options{Domains: []string{domain, "apps.internal."}})
	g := target{conn: dial(t, s), resolve: s.Resolve}
	for i := range 60 {
		g.say(t, "register", fmt.Sprintf(`{"host":"10.0.0.%d","uris":["many.%s"]}`, i+1, domain))
	}
	discovery.Await(t, 20*time.Second, "60 addresses", func() string {
		got, err := s.Resolve(t.Context(), "many."+domain)
		if err == nil && len(got) == 60 {
			return ""
		}
		return fmt.Sprint(got, err)
	})
	for what, c := range map[string]struct {
		name      string
		kind      uint16
		rcode     int
		truncated bool
		answers   bool
	}{
		"A, more than UDP takes": {"many." + domain, dns.TypeA, dns.RcodeSuccess, true, true},
		"AAAA":                   {"many." + domain, dns.TypeAAAA, dns.RcodeSuccess, false, false},
		"SRV":                    {"many." + domain, dns.TypeSRV, dns.RcodeSuccess, false, false},
		"unknown":                {"none." + domain, dns.TypeA, dns.RcodeSuccess, false, false},
		"another domain of its":  {"none.Apps.Internal", dns.TypeA, dns.RcodeSuccess, false, false},
		"none of its":            {"example.com", dns.TypeA, dns.RcodeRefused, false, false},
		"beside its own":         {"not" + domain, dns.TypeA, dns.RcodeRefused, false, false},
	} {
		answer, err := dns.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(c.name), c.kind), s.DNS())
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if answer.Rcode != c.rcode || answer.Truncated != c.truncated || (len(answer.Answer) > 0) != c.answers {
			t.Errorf("%s: %v", what, answer)
		}
		for _, record := range answer.Answer {
			if record.Header().Ttl != 0 {
				t.Errorf("%s: %v is for longer than now", what, record)
			}
		}
	}
}

// TestCold answers nothing until it is warm.
func TestCold(t *testing.T) {
	s := start(t, discovery.Options{Warm: time.Hour, Domains: []string{domain}})
	if got, err := s.Resolve(t.Context(), "a."+domain); err == nil || !strings.Contains(err.Error(), "SERVFAIL") {
		t.Errorf("%v, %v", got, err)
	}
}
