package check

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Charts looks at what would be offered. read reads the charts as the broker does.
func Charts(read func(ctx context.Context) (chart.Catalog, error)) Look {
	return Look{"charts", func(ctx context.Context) []Finding {
		catalog, err := read(ctx)
		if err != nil {
			return one(failed("%v", err))
		}
		return judgeCatalog(catalog)
	}}
}

func judgeCatalog(catalog chart.Catalog) (findings []Finding) {
	for _, p := range catalog.Problems {
		findings = append(findings, failed("%s is left out: %v", p.From, p.Err).cure("broker charts check says more"))
	}
	plans := 0
	for _, s := range catalog.Services {
		plans += len(s.Plans)
	}
	if plans == 0 {
		return append(findings, failed("none can be offered").cure("set HELM_CHART_DIR or CHART_SOURCES"))
	}
	return append(findings, ok("%s, %s", count(len(catalog.Services), "service", "services"), count(plans, "plan", "plans")))
}
