package e2e

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	containerregistry "github.com/google/go-containerregistry/pkg/registry"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/registry"
)

// named is the chart fixture under another name, as a folder.
func named(t *testing.T, name string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), name)
	copyChart(t, "charts/fixture", folder)
	edit(t, filepath.Join(folder, "Chart.yaml"), "name: fixture", "name: "+name)
	return folder
}

// packed is the chart fixture under another name, as `helm package` packs it.
func packed(t *testing.T, name string) (archive string) {
	t.Helper()
	chart, err := loader.Load(named(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if archive, err = chartutil.Save(chart, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return archive
}

// newRegistry is a container registry that holds a chart.
func newRegistry(t *testing.T, name string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(containerregistry.New(containerregistry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	client, err := registry.NewClient(registry.ClientOptPlainHTTP(), registry.ClientOptCredentialsFile(filepath.Join(t.TempDir(), "login.json")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(packed(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Push(text, strings.TrimPrefix(server.URL, "http://")+"/charts/"+name+":1.0.0"); err != nil {
		t.Fatal(err)
	}
	return server
}

// newRepository is a chart repository that holds a chart, and breaks every
// connection off while it is down.
func newRepository(t *testing.T, name string, down *atomic.Bool) *httptest.Server {
	t.Helper()
	archive := packed(t, name)
	mux := http.NewServeMux()
	mux.HandleFunc("/index.yaml", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "apiVersion: v1\nentries:\n  %s:\n  - {apiVersion: v2, name: %s, version: 1.0.0, urls: [%s]}\n", name, name, filepath.Base(archive))
	})
	mux.HandleFunc("/"+filepath.Base(archive), func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, archive) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			panic(http.ErrAbortHandler)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestSources offers charts of every kind of source, those that can be had now
// and, after a restart, those that could be had before.
func TestSources(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	oci, repository := newRegistry(t, "of-registry"), newRepository(t, "of-repository", &down)
	list := filepath.Join(t.TempDir(), "sources.yaml")
	text := fmt.Sprintf(`- path: %s
- path: %s
- {oci: "oci://%s/charts/of-registry", version: 1.0.0, plain_http: true}
- {repository: "%s", chart: of-repository, version: 1.0.0}
`, named(t, "folder"), packed(t, "archive"), strings.TrimPrefix(oci.URL, "http://"), repository.URL)
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFoundation(t, "charts", map[string]string{"CHART_SOURCES": list, "CHART_CACHE_DIR": filepath.Join(t.TempDir(), "cache")})
	failing := repository.URL + " of-repository 1.0.0"
	charts := f.readyz()
	if !charts.offers("archive", "folder", "of-registry") || len(charts.LeftOut) != 1 || charts.LeftOut[0].Chart != failing ||
		!strings.Contains(charts.LeftOut[0].Error, strings.TrimPrefix(repository.URL, "http://")) {
		t.Errorf("while a source is down there is %+v", charts)
	}
	f.create("of-registry", "plain", nil)

	down.Store(false)
	if charts := f.reload(); !charts.offers("archive", "folder", "of-registry", "of-repository") || len(charts.LeftOut) != 0 {
		t.Errorf("with all sources up there is %+v", charts)
	}
	i := f.create("of-repository", "plain", nil)

	f.must(f.broker.Stop())
	oci.Close()
	repository.Close()
	f.start()
	if charts := f.readyz(); !charts.offers("archive", "folder", "of-registry", "of-repository") || len(charts.LeftOut) != 0 {
		t.Errorf("from the cache there is %+v", charts)
	}
	f.update(i, map[string]any{"parameters": map[string]any{"number": 2}})
}
