package measure

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts and times what the broker does. Each part is of one subject.
type Metrics struct {
	*operations
	*policyCalls
	*nodeWaits
	*rounds
}

// New registers the metrics.
func New(registry prometheus.Registerer) *Metrics {
	return &Metrics{newOperations(registry), newPolicyCalls(registry), newNodeWaits(registry), newRounds(registry)}
}
