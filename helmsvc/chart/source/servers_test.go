package source_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	containerregistry "github.com/google/go-containerregistry/pkg/registry"
	"helm.sh/helm/v3/pkg/registry"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

const (
	username = "robot"
	password = "hunter2-very-secret"
)

// basic asks for the login.
func basic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, word, _ := r.BasicAuth(); name != username || word != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearer asks for a token, which is had for the login, as big registries do.
func bearer(next http.Handler) http.Handler {
	tokens := basic(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"token": "bearer-of-charts"}`)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			tokens.ServeHTTP(w, r)
		case r.Header.Get("Authorization") != "Bearer bearer-of-charts":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="charts"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serve starts a server that ends with the test.
func serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// serveTLS also returns the file of its CA.
func serveTLS(t *testing.T, handler http.Handler) (server *httptest.Server, caFile string) {
	t.Helper()
	server = httptest.NewUnstartedServer(handler)
	// A client that doesn't trust it is part of a test, not worth a line.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
}

// newRegistry is a container registry in this process.
func newRegistry() http.Handler {
	return containerregistry.New(containerregistry.Logger(log.New(io.Discard, "", 0)))
}

// push publishes the archive with Helm's own client and returns the address.
func push(t *testing.T, handler http.Handler, address, version string, text []byte) string {
	t.Helper()
	open := serve(t, handler)
	client, err := registry.NewClient(registry.ClientOptPlainHTTP(),
		registry.ClientOptCredentialsFile(filepath.Join(t.TempDir(), "login.json")))
	if err != nil {
		t.Fatal(err)
	}
	const path = "/charts/redis"
	if _, err := client.Push(text, strings.TrimPrefix(open.URL, "http://")+path+":"+version); err != nil {
		t.Fatal(err)
	}
	_, host, _ := strings.Cut(address, "://")
	return "oci://" + host + path
}

// store puts something into a registry.
func store(t *testing.T, method, address, mediaType string, body []byte) {
	t.Helper()
	request, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", mediaType)
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatal(response, err)
	}
	_ = response.Body.Close()
}

// pushRaw publishes what Helm's client wouldn't, as redis 1.2.3, and returns the address.
func pushRaw(t *testing.T, handler http.Handler, address string, text []byte) string {
	t.Helper()
	const path = "/charts/redis"
	open := serve(t, handler)
	put := func(method, url, mediaType string, body []byte) {
		store(t, method, open.URL+"/v2"+path+url, mediaType, body)
	}
	config := []byte("{}")
	put(http.MethodPost, "/blobs/uploads/?digest="+digest(text), "application/octet-stream", text)
	put(http.MethodPost, "/blobs/uploads/?digest="+digest(config), "application/octet-stream", config)
	const manifest = "application/vnd.oci.image.manifest.v1+json"
	put(http.MethodPut, "/manifests/1.2.3", manifest, fmt.Appendf(nil, `{"schemaVersion": 2, "mediaType": %q,
		"config": {"mediaType": %q, "digest": %q, "size": %d}, "layers": [{"mediaType": %q, "digest": %q, "size": %d}]}`,
		manifest, registry.ConfigMediaType, digest(config), len(config), registry.ChartLayerMediaType, digest(text), len(text)))
	return "oci" + strings.TrimPrefix(address, "http") + path
}

// entry is a chart of a repository's index.yaml.
type entry struct{ name, version, url string }

// newRepository serves an index of the entries, and the archive at each path
// that ends with .tgz.
func newRepository(text []byte, entries ...entry) http.Handler {
	index := "apiVersion: v1\nentries:\n"
	for _, e := range entries {
		index += "  " + e.name + ":\n  - {apiVersion: v2, name: " + e.name + ", version: " + e.version + ", urls: [\"" + e.url + "\"]}\n"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/charts/index.yaml":
			_, _ = io.WriteString(w, index)
		case strings.HasSuffix(r.URL.Path, ".tgz"):
			_, _ = w.Write(text)
		default:
			http.NotFound(w, r)
		}
	})
}

// counted counts the requests.
func counted(requests *atomic.Int32, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		next.ServeHTTP(w, r)
	})
}

// published is a chart in a registry and in a repository; stop ends both
// servers.
func published(t *testing.T, text []byte, requests *atomic.Int32) (sources map[string]source.Source, stop func()) {
	registry := newRegistry()
	oci := serve(t, counted(requests, registry))
	repository := serve(t, counted(requests, newRepository(text, entry{"redis", "1.2.3", "redis.tgz"})))
	return map[string]source.Source{
		"oci":        {OCI: push(t, registry, oci.URL, "1.2.3", text), Version: "1.2.3", PlainHTTP: true},
		"repository": {Repository: repository.URL + "/charts", Chart: "redis", Version: "1.2.3"},
	}, func() { oci.Close(); repository.Close() }
}
