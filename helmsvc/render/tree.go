package render

import helmchart "helm.sh/helm/v3/pkg/chart"

// tree is a chart with its subcharts, which Helm's own type leaves out of JSON.
type tree struct {
	Chart     *helmchart.Chart `json:"chart"`
	Subcharts []tree           `json:"subcharts,omitempty"`
}

func treeOf(c *helmchart.Chart) tree {
	t := tree{Chart: c}
	for _, sub := range c.Dependencies() {
		t.Subcharts = append(t.Subcharts, treeOf(sub))
	}
	return t
}

// whole is the chart with its subcharts again.
func (t tree) whole() *helmchart.Chart {
	for _, sub := range t.Subcharts {
		t.Chart.AddDependency(sub.whole())
	}
	return t.Chart
}
