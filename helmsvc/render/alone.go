package render

import (
	"errors"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/client-go/dynamic"
)

// ErrNoLookup is what a template says that looks something up where there is no
// cluster to ask. Finding nothing, as Helm does then, would be wrong and go unnoticed.
var ErrNoLookup = errors.New("nothing can be looked up here, since plans' values and dashboards' addresses are worked out without the cluster; " +
	"call lookup, and helpers that do, in the chart's own templates only")

// Alone renders a chart in this process. What looks something up fails with ErrNoLookup.
func Alone(c *helmchart.Chart, values chartutil.Values) (map[string]string, error) {
	return engine.RenderWithClientProvider(c, values, nobody{})
}

// nobody has no clients.
type nobody struct{}

// GetClientFor fails.
func (nobody) GetClientFor(string, string) (dynamic.NamespaceableResourceInterface, bool, error) {
	return nil, false, ErrNoLookup
}
