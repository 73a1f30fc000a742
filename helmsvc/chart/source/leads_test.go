package source_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// TestLeadsAway has whatever a server answers lead to a metadata service's
// address. Nothing is sent there: the refusal comes before the connection.
func TestLeadsAway(t *testing.T) {
	const away = "http://169.254.169.254/latest"
	moved := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, away, http.StatusFound) }
	text := archive(t, "1.2.3", "")
	index := newRepository(text, entry{"redis", "1.2.3", "moved"})
	registry := newRegistry()
	open := serve(t, registry)
	push(t, registry, open.URL, "1.2.3", text)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		oci     bool
	}{
		"an index's address":  {handler: newRepository(text, entry{"redis", "1.2.3", away}).ServeHTTP},
		"an index's redirect": {handler: moved},
		"an archive's redirect": {handler: func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "moved") {
				moved(w, r)
				return
			}
			index.ServeHTTP(w, r)
		}},
		"a manifest's redirect": {handler: moved, oci: true},
		"a blob's redirect": {oci: true, handler: func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/blobs/") {
				moved(w, r)
				return
			}
			registry.ServeHTTP(w, r)
		}},
		"a token service": {oci: true, handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+away+`",service="charts"`)
			w.WriteHeader(http.StatusUnauthorized)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, c.handler)
			s := source.Source{Repository: server.URL + "/charts", Chart: "redis", Version: "1.2.3"}
			if c.oci {
				s = source.Source{OCI: strings.Replace(server.URL, "http", "oci", 1) + "/charts/redis", Version: "1.2.3", PlainHTTP: true}
			}
			if name == "a token service" { // the library is stricter
				wantError(t, fetch(t, t.TempDir(), s), `"169.254.169.254" is a loopback, link-local, private`)
				return
			}
			wantError(t, fetch(t, t.TempDir(), s), "169.254.169.254 is a link-local address", "name it there by its address")
		})
	}
}

// endless answers with an endless text, but for what is ok.
func endless(start string, first http.Handler, ok func(*http.Request) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if first != nil && ok(r) {
			first.ServeHTTP(w, r)
			return
		}
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Docker-Content-Digest", someDigest)
			w.Header().Set("Content-Length", "1000")
			return
		}
		_, _ = io.WriteString(w, start)
		for block := strings.Repeat("    ", 1<<18); ; {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
		}
	}
}

// TestEndless reads from servers that never stop, whatever they are asked for.
func TestEndless(t *testing.T) {
	registry := newRegistry()
	text := archive(t, "1.2.3", "")
	push(t, registry, serve(t, registry).URL, "1.2.3", text)
	refusing := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			endless("", nil, nil)(w, r)
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		oci     bool
		why     string
	}{
		"index":       {endless("entries:\n", nil, nil), false, "bigger than 32 MiB"},
		"archive":     {endless("", newRepository(text, entry{"redis", "1.2.3", "x"}), func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/index.yaml") }), false, "bigger than 20 MiB"},
		"refusal":     {refusing(http.StatusTeapot), false, "answered 418"},
		"manifest":    {endless("{", nil, nil), true, "longer than it said"},
		"blob":        {endless("", registry, func(r *http.Request) bool { return !strings.Contains(r.URL.Path, "/blobs/") }), true, "longer than it said"},
		"oci refusal": {refusing(http.StatusTeapot), true, "answered 418"},
		"token": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				endless("{", nil, nil)(w, r)
				return
			}
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="charts"`, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
		}, true, "/token?…"},
		"header": {func(w http.ResponseWriter, _ *http.Request) {
			for n := range 100_000 {
				w.Header().Set(fmt.Sprintf("x-%d", n), strings.Repeat("y", 1000))
			}
		}, false, "headers exceeded 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, c.handler)
			s := source.Source{Repository: server.URL + "/charts", Chart: "redis", Version: "1.2.3"}
			if c.oci {
				s = source.Source{OCI: strings.Replace(server.URL, "http", "oci", 1) + "/charts/redis", Version: "1.2.3", PlainHTTP: true}
			}
			wantFlat(t, func() { wantError(t, fetch(t, t.TempDir(), s), c.why) })
		})
	}
}
