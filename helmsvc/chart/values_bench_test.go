package chart

import (
	"encoding/json"
	"fmt"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// sample is one of the charts that the broker ships, and its last plan.
func sample(b *testing.B) (Service, Plan) {
	b.Helper()
	catalog, err := Load("../../charts/redis")
	if err != nil || len(catalog.Services) != 1 {
		b.Fatalf("loading a sample chart: %v %v", err, catalog.Problems)
	}
	s := catalog.Services[0]
	return s, s.Plans[len(s.Plans)-1]
}

// tree is a map of maps, wide in each of its levels, with a value at each end.
func tree(levels, width int, value any) map[string]any {
	all := map[string]any{}
	for n := range width {
		all[fmt.Sprint("key", n)] = value
		if levels > 1 {
			all[fmt.Sprint("key", n)] = tree(levels-1, width, value)
		}
	}
	return all
}

// BenchmarkMerge lays 1,000 values over as many, three levels deep.
func BenchmarkMerge(b *testing.B) {
	base, over := tree(3, 10, "base"), tree(3, 10, int64(7))
	b.ReportAllocs()
	for b.Loop() {
		merge(base, over)
	}
}

// BenchmarkMergeParameters is what an update does with the user's parameters.
func BenchmarkMergeParameters(b *testing.B) {
	sofar, err := json.Marshal(tree(2, 10, 7))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := MergeParameters(sofar, json.RawMessage(`{"key1":{"key2":"new"}}`)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRenderPlan computes an instance's values and copies the chart.
func BenchmarkRenderPlan(b *testing.B) {
	s, plan := sample(b)
	for b.Loop() {
		if _, err := s.Render(b.Context(), plan, "k-abcdefgh", "bench", json.RawMessage(`{"maxmemory":"64mb"}`)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRenderChart is all that comes between a request and the manifests.
func BenchmarkRenderChart(b *testing.B) {
	s, plan := sample(b)
	options := chartutil.ReleaseOptions{Name: "k-abcdefgh", Namespace: "bench", Revision: 1, IsInstall: true}
	for b.Loop() {
		what, err := s.Render(b.Context(), plan, options.Name, options.Namespace, nil)
		if err != nil {
			b.Fatal(err)
		}
		values, err := chartutil.ToRenderValues(what.Chart, what.Values, options, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := engine.Render(what.Chart, values); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCopyChart is what keeps one parsed chart fit for many installs.
func BenchmarkCopyChart(b *testing.B) {
	s, _ := sample(b)
	for b.Loop() {
		copyChart(s.chart)
	}
}

// BenchmarkLoad parses a chart from its folder, as is done once.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		sample(b)
	}
}
