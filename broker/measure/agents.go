package measure

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapePatience is how long a scrape waits for Kubernetes.
const scrapePatience = 2 * time.Second

// agentsNow asks at each scrape how the nodes' agents are. What can't be told isn't.
type agentsNow struct {
	ask            func(context.Context) (there, lagging int, err error)
	there, lagging *prometheus.Desc
}

var _ prometheus.Collector = agentsNow{}

// Describe tells of the metrics.
func (n agentsNow) Describe(all chan<- *prometheus.Desc) {
	all <- n.there
	all <- n.lagging
}

// Collect tells the metrics.
func (n agentsNow) Collect(all chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	there, lagging, err := n.ask(ctx)
	if err != nil {
		return // binds that wait tell of it: cf_helm_broker_node_waits_total
	}
	all <- prometheus.MustNewConstMetric(n.there, prometheus.GaugeValue, float64(there))
	all <- prometheus.MustNewConstMetric(n.lagging, prometheus.GaugeValue, float64(lagging))
}
