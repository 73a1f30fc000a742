package agent

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what the agent says and does.
type Metrics struct {
	answers *prometheus.CounterVec
	polls   *prometheus.CounterVec
	leases  *prometheus.CounterVec
	unsafe  prometheus.Gauge
}

// NewMetrics registers the metrics; pods tells how many the node has.
func NewMetrics(registry prometheus.Registerer, pods func() int) *Metrics {
	m := &Metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "c2c_cni_answers_total",
			Help: "Answers to plugins that asked where a pod belongs, by result: group, none (the pod has none), error.",
		}, []string{"result"}),
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "c2c_cni_polls_total",
			Help: "Polls for policies that the node's policy agent was asked for, by result: ok, error.",
		}, []string{"result"}),
		leases: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "c2c_cni_lease_writes_total",
			Help: "Writes of the node's Lease, by which binds know that policies have been polled, by result: ok, error.",
		}, []string{"result"}),
		unsafe: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "c2c_cni_problems",
			Help: "What on the node would let others into pods, and keeps pods from being started; 0 is good. The agent's log and the node's events say what.",
		}),
	}
	known := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "c2c_cni_pods", Help: "Pods that the node has."}, func() float64 { return float64(pods()) })
	for _, result := range []string{"group", "none", "error"} {
		m.answers.WithLabelValues(result)
	}
	for _, result := range []string{"ok", "error"} {
		m.polls.WithLabelValues(result)
		m.leases.WithLabelValues(result)
	}
	registry.MustRegister(m.answers, m.polls, m.leases, m.unsafe, known)
	return m
}

func (m *Metrics) answered(result string) { m.answers.WithLabelValues(result).Inc() }

// Polled counts a poll of the node's policy agent.
func (m *Metrics) Polled(err error) { count(m.polls, err) }

// Acknowledged counts a write of the node's Lease.
func (m *Metrics) Acknowledged(err error) { count(m.leases, err) }

func count(by *prometheus.CounterVec, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	by.WithLabelValues(result).Inc()
}

// found is how many problems the guard has found.
func (m *Metrics) found(problems int) { m.unsafe.Set(float64(problems)) }
