package publish

import "github.com/prometheus/client_golang/prometheus"

// Metrics tell how publishing goes.
type Metrics struct {
	connected prometheus.Gauge
	names     prometheus.Gauge
	messages  *prometheus.CounterVec
	answered  prometheus.Gauge
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		connected: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cf_helm_broker_names_connected",
			Help: "Whether there is a connection to a NATS server, 1 or 0.",
		}),
		names: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cf_helm_broker_names",
			Help: "Pairs of a name and an address that are to be found in Cloud Foundry's service discovery.",
		}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cf_helm_broker_names_messages_total",
			Help: "Messages to Cloud Foundry's service discovery, by kind (register, unregister, greet).",
		}, []string{"kind"}),
		answered: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cf_helm_broker_names_last_answer_timestamp_seconds",
			Help: "When a service-discovery-controller last answered a greeting, or said that it has started; 0: never.",
		}),
	}
	for _, kind := range []kind{register, unregister, greet} {
		m.messages.WithLabelValues(string(kind)) // at 0 from the start
	}
	registry.MustRegister(m.connected, m.names, m.messages, m.answered)
	return m
}
