package source

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// TestReach has sources lead to the broker's own machine and its link only where
// the list says so by its address.
func TestReach(t *testing.T) {
	repository := func(address string) Source { return Source{Repository: address, Chart: "redis", Version: "1.2.3"} }
	far, name := repository("https://192.0.2.1/charts"), repository("https://charts.example.com")
	registry := Source{OCI: "oci://registry.example.com:5000/charts/redis", Version: "1.2.3"}
	near, local, six := repository("http://127.0.0.1:8080"), Source{OCI: "oci://localhost:5000/charts/redis"}, repository("http://[::1]:8080")
	link := repository("http://169.254.7.7/charts")
	for _, c := range []struct {
		source  Source
		to      string
		allowed bool
	}{
		{far, "198.51.100.7", true}, {name, "10.0.0.1", true}, {registry, "2001:db8::1", true}, {registry, "fd00::1", true},
		{far, "127.0.0.1", false}, {name, "127.1.2.3", false}, {registry, "::1", false},
		{name, "0.0.0.0", false}, {name, "::", false}, {name, "::ffff:127.0.0.1", false}, {name, "::ffff:169.254.169.254", false},
		{name, "169.254.169.254", false}, {registry, "fe80::1", false}, {name, "224.0.0.1", false},
		{near, "127.0.0.1", true}, {near, "::1", true}, {local, "127.0.0.1", true}, {local, "::1", true}, {six, "127.0.0.1", true},
		{near, "169.254.169.254", false}, {local, "fe80::1", false}, {link, "169.254.7.8", true}, {link, "127.0.0.1", false},
		{near, "198.51.100.7", true},
	} {
		err := c.source.reach().allow(netip.MustParseAddr(c.to))
		if (err == nil) != c.allowed {
			t.Errorf("%s leads to %s: %v", c.source, c.to, err)
		}
		if err != nil && !strings.Contains(err.Error(), "name it there by its address") {
			t.Errorf("%s leads to %s: %v", c.source, c.to, err)
		}
	}
}

// TestNames has names that lead to the broker's own machine, as a name does whose
// owner has changed it, refused before anything is sent there.
func TestNames(t *testing.T) {
	var asked atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	client, err := Source{Repository: "http://charts.example.com"}.client()
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost:"+port, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	if asked.Load() || err == nil || !strings.Contains(explain(context.Background(), err).Error(), "is an address of the broker's own machine") {
		t.Errorf("asked: %t, %v", asked.Load(), err)
	}
}

// TestProxy has the operator's proxy reached wherever it is, and not told to
// reach what is near.
func TestProxy(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	to := func(url string) *http.Request { return httptest.NewRequest(http.MethodGet, url, nil) }
	r := Source{Repository: "https://charts.example.com"}.reach()
	if _, err := r.dial(t.Context(), "tcp", address); err == nil {
		t.Error("reached a proxy that nobody has named")
	}
	if err := r.by(to(server.URL).URL, to("https://charts.example.com/index.yaml")); err != nil {
		t.Error(err)
	}
	connection, err := r.dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = connection.Close()
	if err := r.by(to(server.URL).URL, to("http://169.254.169.254/latest/")); err == nil {
		t.Error("the proxy was told to reach a metadata service")
	}
}
