package measure

import "github.com/prometheus/client_golang/prometheus"

// policyCalls counts calls of the policy API.
type policyCalls struct{ calls *prometheus.CounterVec }

func newPolicyCalls(registry prometheus.Registerer) *policyCalls {
	c := &policyCalls{calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cf_helm_broker_policy_calls_total",
		Help: "Calls of CF's external policy API, by call (list, create, delete) and result (ok, error).",
	}, []string{"call", "result"})}
	registry.MustRegister(c.calls)
	for _, call := range []string{"list", "create", "delete"} {
		for _, result := range []string{"ok", "error"} {
			c.calls.WithLabelValues(call, result)
		}
	}
	return c
}

// PolicyCall counts a call of the policy API; see policy.New.
func (c *policyCalls) PolicyCall(call string, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	c.calls.WithLabelValues(call, result).Inc()
}
