package chart

import (
	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/runtime"
)

// copyChart copies what Helm changes while it processes dependencies: the
// tree of charts, their metadata's dependency list and their values. Files
// are shared, since nothing writes to them.
func copyChart(c *helmchart.Chart) *helmchart.Chart {
	duplicate := *c
	metadata := *c.Metadata
	metadata.Dependencies = nil
	for _, d := range c.Metadata.Dependencies {
		dependency := *d
		metadata.Dependencies = append(metadata.Dependencies, &dependency)
	}
	duplicate.Metadata = &metadata
	duplicate.Values = copyValues(c.Values)
	duplicate.SetDependencies()
	for _, d := range c.Dependencies() {
		duplicate.AddDependency(copyChart(d))
	}
	return &duplicate
}

func copyValues(values map[string]any) map[string]any {
	if values == nil {
		return nil
	}
	return runtime.DeepCopyJSON(values)
}
