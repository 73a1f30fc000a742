package requests

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Counter is a proxy in front of the API server that counts requests. Those
// for the Lease don't count.
type Counter struct {
	server *httptest.Server

	mu       sync.Mutex
	requests []Request
}

// Request is one that a broker has sent to the API server.
type Request struct {
	What  string // as in "GET secrets"
	Path  string
	Start time.Time
	Took  time.Duration // 0 while it is under way
}

// New starts a proxy to the API server that config names, in whose name it asks.
func New(config *rest.Config) (*Counter, error) {
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("making the counting proxy: %w", err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, fmt.Errorf("making the counting proxy: %w", err)
	}
	c := &Counter{}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer c.note(r)()
		proxy.ServeHTTP(w, r)
	}))
	return c, nil
}

// note counts the request; what it returns notes that it has ended.
func (c *Counter) note(r *http.Request) (ended func()) {
	if strings.Contains(r.URL.Path, "/leases") {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	number, start := len(c.requests), time.Now()
	c.requests = append(c.requests, Request{What: r.Method + " " + resource(r.URL), Path: r.URL.Path, Start: start})
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.requests[number].Took = time.Since(start)
	}
}

// resource is what a request is about, as in "pods (watch)" and "deployments/status".
func resource(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	named := slices.Index(parts, "namespaces")
	switch {
	case named >= 0 && len(parts) > named+2:
		parts = parts[named+2:]
	case named >= 0:
		parts = parts[named:]
	}
	what := parts[0]
	if named < 0 { // discovery and the like
		what = strings.Join(parts, "/")
	}
	if u.Query().Get("watch") != "" {
		what += " (watch)"
	}
	return what
}

// Mark is where a count begins.
func (c *Counter) Mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.requests)
}

// Since are the requests since the mark.
func (c *Counter) Since(mark int) []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests[mark:])
}

// Tally counts requests of a kind: "30 GET secrets, 2 PUT secrets".
func Tally(requests []Request) string {
	counts := map[string]int{}
	for _, r := range requests {
		counts[r.What]++
	}
	var parts []string
	for _, what := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] }) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// WriteKubeconfig writes that of a broker which is to be counted.
func (c *Counter) WriteKubeconfig(file string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["counted"] = &clientcmdapi.Cluster{Server: c.server.URL}
	config.Contexts["counted"] = &clientcmdapi.Context{Cluster: "counted"}
	config.CurrentContext = "counted"
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return fmt.Errorf("writing the broker's kubeconfig: %w", err)
	}
	return nil
}

// Close ends the proxy, and the requests that are under way.
func (c *Counter) Close() {
	c.server.CloseClientConnections()
	c.server.Close()
}
