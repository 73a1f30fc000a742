package discovery_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

const domain = "svc.cluster.local"

// target is a service discovery that is held to the facts.
type target struct {
	conn      *nats.Conn
	resolve   func(ctx context.Context, name string) ([]netip.Addr, error)
	interval  int // seconds
	staleness time.Duration
}

// newTarget is the stand-in, or what the environment names.
func newTarget(t *testing.T) target {
	t.Helper()
	if os.Getenv("DISCOVERY_NATS") != "" {
		return targetFromEnv(t)
	}
	s := start(t, discovery.Options{Staleness: time.Second, Pruning: 100 * time.Millisecond, Interval: time.Second, Domains: []string{domain}})
	return target{conn: dial(t, s), resolve: s.Resolve, interval: 1, staleness: time.Second}
}

// targetFromEnv is a real one: DISCOVERY_NATS is the URL of its NATS server,
// without TLS, DISCOVERY_ADAPTER that of its bosh-dns-adapter. The controller's
// configuration has a second as staleness_threshold_seconds,
// pruning_interval_seconds and resume_pruning_delay_seconds, and 0 as
// warm_duration_seconds.
func targetFromEnv(t *testing.T) target {
	t.Helper()
	conn, err := nats.Connect(os.Getenv("DISCOVERY_NATS"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return target{conn: conn, resolve: askAdapter, interval: 1, staleness: time.Second}
}

func askAdapter(ctx context.Context, name string) ([]netip.Addr, error) {
	at := os.Getenv("DISCOVERY_ADAPTER") + "/?" + url.Values{"type": {"1"}, "name": {name}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("bosh-dns-adapter answered %s", response.Status)
	}
	var answer struct {
		Answer []struct {
			Data netip.Addr `json:"data"`
		}
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	var addresses []netip.Addr
	for _, a := range answer.Answer {
		addresses = append(addresses, a.Data)
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	return addresses, err
}

func start(t *testing.T, options discovery.Options) *discovery.Server {
	t.Helper()
	s, err := discovery.Start(options)
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

// dial connects to NATS as a client with a good certificate.
func dial(t *testing.T, s *discovery.Server) *nats.Conn {
	t.Helper()
	conn, err := connect(t, s, s.CertFile(), s.KeyFile(), s.Password())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func connect(t *testing.T, s *discovery.Server, certFile, keyFile, password string) (*nats.Conn, error) {
	t.Helper()
	ca, err := os.ReadFile(s.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if certFile != "" {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return nats.Connect(s.Servers()[0], nats.Secure(config), nats.UserInfo(s.User(), password), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
}

// leadsTo waits until a name leads to just these addresses.
func (g target) leadsTo(t *testing.T, name string, want ...string) {
	t.Helper()
	discovery.Await(t, 20*time.Second, fmt.Sprintf("%s to lead to %v", name, want), func() string {
		got, err := g.resolve(t.Context(), name)
		if err == nil && slices.Equal(texts(got), want) {
			return ""
		}
		return fmt.Sprintf("it leads to %v, %v", got, err)
	})
}

func texts(addresses []netip.Addr) []string {
	var all []string
	for _, a := range addresses {
		all = append(all, a.String())
	}
	return all
}
