package chart_test

import (
	"fmt"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
)

// rendered are the files of deploy/kubernetes that are the chart's templates of the same
// names, and the settings that have the chart render them.
var rendered = map[string]map[string]any{
	"serviceaccount.yaml":     nil,
	"rbac.yaml":               nil,
	"confine.yaml":            nil,
	"exposure.yaml":           nil,
	"policy-group.yaml":       nil,
	"own-objects.yaml":        nil,
	"neighbours.yaml":         nil,
	"deployment.yaml":         nil,
	"service.yaml":            nil,
	"networkpolicy/rbac.yaml": {"ENFORCE": "networkpolicy"},
	"nodes/rbac.yaml":         {"BIND_WAITS_FOR_NODES": "2s"},
}

// TestManifestsAreTheCharts: whoever edits only one of the two is told. With -update they
// are written.
func TestManifestsAreTheCharts(t *testing.T) {
	loaded := load(t)
	for file, settings := range rendered {
		given := merge(values(t, "kubernetes-values.yaml"), map[string]any{"settings": settings})
		files, err := render(loaded, given, release(name, name))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "deploy/kubernetes", file, files[file])
	}
}

// same holds a manifest against what a chart renders, or writes it.
func same(t *testing.T, folder, file, text string) {
	t.Helper()
	templates := map[string]string{"deploy/kubernetes": "deploy/chart/templates/", "deploy/silk-worker": "deploy/silk-worker/chart/templates/"}[folder]
	if strings.HasPrefix(text, "#") {
		text = "#\n" + text // a paragraph of its own
	}
	want := fmt.Sprintf("# Rendered from %s%s: edit that, then run make manifests.\n%s", templates, file, text)
	manifest := root + "/" + folder + "/" + file
	if *update {
		write(t, manifest, want)
	}
	if read(t, manifest) != want {
		t.Errorf("%s/%s isn't what %s%s renders: edit the latter, then run make manifests", folder, file, templates, file)
	}
}

// TestChartHoldsNoTests: nothing is in it that no template reads.
func TestChartHoldsNoTests(t *testing.T) {
	loaded, err := loader.LoadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range loaded.Raw {
		if len(file.Data) > 256<<10 {
			t.Errorf("%s is %d bytes long", file.Name, len(file.Data))
		}
	}
	for _, file := range loaded.Files {
		if file.Name == "alerts.yaml" || file.Name == "dashboard.json" {
			continue
		}
		t.Errorf("the chart holds %s, which no template reads; name it in .helmignore", file.Name)
	}
}
