package source_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

// TestOthersGoOn keeps the list's order, whatever fails.
func TestOthersGoOn(t *testing.T) {
	text := archive(t, "1.2.3", "")
	var requests atomic.Int32
	sources, _ := published(t, text, &requests)
	down := httptest.NewServer(nil)
	down.Close()
	list := []source.Source{
		{Repository: down.URL, Chart: "redis", Version: "1.2.3"},
		sources["oci"],
		{Path: "missing"},
		sources["repository"],
	}
	found := source.Fetcher{Cache: t.TempDir(), Timeout: time.Minute}.Fetch(context.Background(), list)
	if len(found) != len(list) {
		t.Fatalf("found %+v", found)
	}
	wantError(t, found[0], down.URL, "connection refused")
	wantArchive(t, found[1], text)
	wantError(t, found[2], "missing")
	wantArchive(t, found[3], text)
}

// TestHangingServer covers servers that never answer, and one that stops in
// the middle of the archive.
func TestHangingServer(t *testing.T) {
	index := newRepository(nil, entry{"redis", "1.2.3", "redis.zip"})
	for name, handler := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"half an archive": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/index.yaml") {
				index.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("half"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		server := serve(t, handler)
		for kind, s := range map[string]source.Source{
			"oci":        {OCI: strings.Replace(server.URL, "http", "oci", 1) + "/charts/redis", Version: "1.2.3", PlainHTTP: true},
			"repository": {Repository: server.URL + "/charts", Chart: "redis", Version: "1.2.3"},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				begin := time.Now()
				found := source.Fetcher{Cache: t.TempDir(), Timeout: 200 * time.Millisecond}.Fetch(context.Background(), []source.Source{s})
				wantError(t, found[0], "no complete answer within 200ms")

				ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
				defer cancel()
				found = source.Fetcher{Cache: t.TempDir()}.Fetch(ctx, []source.Source{s})
				wantError(t, found[0], "context deadline exceeded")
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}

// TestTooBig reads from a server that never stops sending, and from one that
// says how much there is.
func TestTooBig(t *testing.T) {
	index := newRepository(nil, entry{"redis", "1.2.3", "redis.zip"})
	for name, announce := range map[string]bool{"endless": false, "announced": true} {
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/index.yaml") {
				index.ServeHTTP(w, r)
				return
			}
			if announce {
				w.Header().Set("Content-Length", fmt.Sprint(20<<20+1))
			}
			for block := make([]byte, 1<<20); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}))
		t.Run(name, func(t *testing.T) {
			found := fetch(t, t.TempDir(), source.Source{Repository: server.URL + "/charts", Chart: "redis", Version: "1.2.3"})
			wantError(t, found, "bigger than 20 MiB")
		})
	}
	t.Run("oci", func(t *testing.T) {
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			_, _ = fmt.Fprintf(w, `{"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json"},
				"layers": [{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "%s", "size": 4611686018427387904}]}`, someDigest)
		}))
		s := source.Source{OCI: strings.Replace(server.URL, "http", "oci", 1) + "/charts/redis", Version: "1.2.3", PlainHTTP: true}
		wantError(t, fetch(t, t.TempDir(), s), "bigger than 20 MiB")
	})
}
