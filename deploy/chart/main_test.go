// Package chart_test renders, lints and installs the broker's own chart, and keeps
// deploy/kubernetes the same: those manifests are what the chart renders.
package chart_test

import (
	"flag"
	"maps"
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

const (
	name = "cf-helm-broker" // of the chart, and of the release and its namespace where nothing else is said
	root = "../.."
)

// update is `make manifests`.
var update = flag.Bool("update", false, "write what is made from the chart and the settings, instead of comparing it")

func load(t *testing.T) *chart.Chart {
	t.Helper()
	loaded, err := loader.LoadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// values reads a file of values.
func values(t *testing.T, file string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// release is what a chart is rendered for.
func release(name, namespace string) chartutil.ReleaseOptions {
	return chartutil.ReleaseOptions{Name: name, Namespace: namespace, Revision: 1, IsInstall: true}
}

// render renders the chart as `helm template` does, and returns its files by their
// names in templates. The schema is heeded.
func render(loaded *chart.Chart, values map[string]any, release chartutil.ReleaseOptions) (map[string]string, error) {
	capabilities := chartutil.DefaultCapabilities.Copy()
	input, err := chartutil.ToRenderValues(loaded, values, release, capabilities)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Render(loaded, input)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for file, text := range rendered {
		files[strings.TrimPrefix(file, loaded.Name()+"/templates/")] = text
	}
	return files, nil
}

// merge lays values over others, table by table.
func merge(under, over map[string]any) map[string]any {
	return chartutil.MergeTables(maps.Clone(over), under)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
