package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// gate is the only way from one broker process to Kubernetes and to Cloud
// Foundry. It counts what the broker writes.
type gate struct {
	kubernetes, cloudFoundry *httptest.Server

	watch *watch // sees what passes

	mu     sync.Mutex
	shut   bool          // the process has been struck: nothing of it passes any more
	hung   chan struct{} // while it isn't nil, Kubernetes answers nobody until it is closed
	holds  *hold         // a write that is to wait, nil for none
	broken int           // writes of NetworkPolicies that fail from now on
	left   int           // writes until the strike, 0 for never
	before bool          // strike instead of letting the write pass, not after it
	strike func()        // ends the process
	struck string        // the write at which it was, "" before
}

func newGate(t *testing.T, config *rest.Config, stand *cf.Server, seen *watch) *gate {
	t.Helper()
	g := &gate{watch: seen}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	g.kubernetes = httptest.NewServer(g.hanging(g.holding(g.breaking(g.guard(proxy(t, config.Host, transport))))))
	foundation := proxy(t, stand.URL(), http.DefaultTransport.(*http.Transport).Clone())
	foundation.ModifyResponse = func(r *http.Response) error { return redirectLinks(r, stand.URL(), g.cloudFoundry.URL) }
	g.cloudFoundry = httptest.NewServer(g.guard(foundation))
	t.Cleanup(func() {
		for _, server := range []*httptest.Server{g.kubernetes, g.cloudFoundry} {
			server.CloseClientConnections()
			server.Close()
		}
	})
	return g
}

func proxy(t *testing.T, address string, transport http.RoundTripper) *httputil.ReverseProxy {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches
		// The API server is away: so is the gate.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// redirectLinks has Cloud Foundry's root lead through the gate.
func redirectLinks(r *http.Response, from, to string) error {
	if r.Request.URL.Path != "/" {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	_ = r.Body.Close()
	body = bytes.ReplaceAll(body, []byte(from), []byte(to))
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}

// hold is one write that waits at the gate.
type hold struct {
	about    string        // words of its body
	reached  chan struct{} // closed when it is there
	released chan struct{} // closed when it may go on
}

// hold has the next write to Kubernetes with these words in its body wait until
// it is released.
func (g *gate) hold(about string) *hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds = &hold{about: about, reached: make(chan struct{}), released: make(chan struct{})}
	return g.holds
}

// holding keeps the write back that is to wait.
func (g *gate) holding(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := g.taken(r); h != nil {
			close(h.reached)
			select {
			case <-h.released:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// taken is the hold that the request comes under, once.
func (g *gate) taken(r *http.Request) *hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holds == nil || !writes(r) {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := g.holds
	if !bytes.Contains(body, []byte(h.about)) {
		return nil
	}
	g.holds = nil
	return h
}

// hanging keeps requests waiting while Kubernetes hangs: connections stay open
// and nothing comes.
func (g *gate) hanging(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		hung := g.hung
		g.mu.Unlock()
		if hung != nil {
			select {
			case <-hung:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// hang has Kubernetes answer nobody until release.
func (g *gate) hang() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hung = make(chan struct{})
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		close(g.hung)
		g.hung = nil
	}
}

func (g *gate) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fate := g.admit(r)
		if fate == passes || fate == passesLast {
			g.watch.see(r)
		}
		switch fate {
		case passes:
			next.ServeHTTP(w, r)
			return
		case passesLast:
			// It reaches the API server whole; the broker never hears of it.
			next.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
			g.strike()
		case isStruck:
			g.strike()
		case isShutOut:
		}
		panic(http.ErrAbortHandler)
	})
}

// fate is what becomes of a request.
type fate int

const (
	passes     fate = iota
	passesLast      // the process is ended after it
	isStruck        // the process is ended instead
	isShutOut       // it comes from a process that has been struck
)

func (g *gate) admit(r *http.Request) fate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return isShutOut
	}
	if g.left == 0 || !writes(r) {
		return passes
	}
	if g.left--; g.left > 0 {
		return passes
	}
	g.shut, g.struck = true, r.Method+" "+r.URL.Path
	if g.before {
		return isStruck
	}
	return passesLast
}

// writes tells whether a request changes anything that has to be true
// afterwards. What goes by the clock doesn't count: it would blur the count.
func writes(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return false
	}
	for _, passing := range []string{"/leases", "/events", "/apis/authorization.k8s.io/", "/uaa/"} {
		if strings.Contains(r.URL.Path, passing) {
			return false
		}
	}
	return true
}

// arm has the gate strike at the n-th write from now on.
func (g *gate) arm(n int, before bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.before, g.struck = n, before, ""
}

// disarm has the gate strike no more.
func (g *gate) disarm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = 0
}

// hit is the write at which the gate has struck since it was armed, "" if it
// hasn't.
func (g *gate) hit() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.struck
}

// reopen lets a new process through.
func (g *gate) reopen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}

// breakWrites has the next so many writes of NetworkPolicies fail.
func (g *gate) breakWrites(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = n
}

// breaking fails writes of NetworkPolicies, in each way in turn: the API server says so,
// the connection breaks off, and it breaks off when the write has been carried out.
func (g *gate) breaking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn := 0
		if writes(r) && strings.Contains(r.URL.Path, "/networkpolicies") {
			g.mu.Lock()
			if turn = g.broken; turn > 0 {
				g.broken--
			}
			g.mu.Unlock()
		}
		switch {
		case turn == 0:
			next.ServeHTTP(w, r)
			return
		case turn%3 == 0:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"etcd has no leader","reason":"InternalError","code":500}`)
			return
		case turn%3 == 1:
			next.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
		}
		panic(http.ErrAbortHandler)
	})
}
