package chart_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestSchemaAbroad has nothing fetched that a schema refers to, by Helm neither,
// and its other rules held.
func TestSchemaAbroad(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`false`))
	}))
	defer server.Close()
	schema := `{"$schema": "` + server.URL + `/draft", "properties": {"n": {"type": "integer"}, "far": {"$ref": "` + server.URL + `/x#/y"},
		"file": {"$ref": "file:///etc/hostname"}, "near": {"$ref": "#/$defs/word"}, "all": {"allOf": [{"$ref": "other.json"}, {"type": "string"}]}},
		"$defs": {"word": {"type": "string"}}}`
	catalog := load(t, write(t, map[string]string{
		"c/Chart.yaml": chartYAML("c"), "c/values.schema.json": schema,
		"c/charts/sub/Chart.yaml": chartYAML("sub"), "c/charts/sub/values.schema.json": schema,
	}))
	if len(catalog.Problems) > 0 {
		t.Fatal(catalog.Problems)
	}
	service := catalog.Services[0]
	if cut := strings.Join(service.Listing().Cut, "\n"); !strings.Contains(cut, "values.schema.json of c: ") || !strings.Contains(cut, "values.schema.json of sub: ") {
		t.Errorf("it is said only: %s", cut)
	}
	for parameters, refused := range map[string]bool{
		`{"far": 1, "file": 1, "n": 1, "near": "x", "all": "x", "sub": {"far": 1}}`: false,
		`{"n": "x"}`: true, `{"near": 1}`: true, `{"all": 1}`: true, `{"sub": {"n": "x"}}`: true,
	} {
		var why *chart.RefusedError
		if err := service.CheckValues(t.Context(), service.Plans[0], "r", "n", json.RawMessage(parameters)); errors.As(err, &why) != refused || !refused && err != nil {
			t.Errorf("%s: %v", parameters, err)
		}
		what, err := service.Render(t.Context(), service.Plans[0], "r", "n", json.RawMessage(parameters))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chartutil.ToRenderValues(what.Chart, what.Values, chartutil.ReleaseOptions{}, nil); (err != nil) != refused {
			t.Errorf("Helm says of %s: %v", parameters, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the server was asked %d times", n)
	}
}
