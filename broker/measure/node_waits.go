package measure

import "github.com/prometheus/client_golang/prometheus"

// What has become of a bind's waiting for nodes.
const (
	NodesPolled  = "polled"
	NodesLagged  = "lagged"
	NodesUnknown = "unknown"
)

// nodeWaits counts binds that wait for nodes.
type nodeWaits struct{ waits *prometheus.CounterVec }

func newNodeWaits(registry prometheus.Registerer) *nodeWaits {
	w := &nodeWaits{waits: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cf_helm_broker_node_waits_total",
		Help: "Binds that waited until the instance's nodes let the app in (BIND_WAITS_FOR_NODES), by result: polled, lagged (a node didn't in time), unknown (it couldn't be told).",
	}, []string{"result"})}
	registry.MustRegister(w.waits)
	for _, result := range []string{NodesPolled, NodesLagged, NodesUnknown} {
		w.waits.WithLabelValues(result)
	}
	return w
}

// NodesAwaited counts a bind that has waited for nodes, by result.
func (w *nodeWaits) NodesAwaited(result string) { w.waits.WithLabelValues(result).Inc() }
