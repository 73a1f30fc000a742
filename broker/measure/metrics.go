package measure

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Metrics counts and times operations, and calls of the policy API.
type Metrics struct {
	operations  *prometheus.HistogramVec
	failures    *prometheus.CounterVec
	policyCalls *prometheus.CounterVec
	missing     prometheus.Gauge
	missed      since
	nodeWaits   *prometheus.CounterVec

	// What rounds see and do about policies; each metric's help says more.
	Reasserted  prometheus.Counter
	Revoked     prometheus.Counter
	Stale       prometheus.Gauge
	RoundFailed prometheus.Counter
	Desired     prometheus.Gauge
	GoodRound   prometheus.Gauge
}

// New registers the metrics.
func New(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cf_helm_broker_operation_seconds",
			Help:    "How long operations took, by type (create, update, delete, bind, unbind) and result.",
			Buckets: prometheus.ExponentialBuckets(0.1, 2, 14),
		}, []string{"type", "result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cf_helm_broker_failures_total",
			Help: "Operations that failed, by type and by what it was: docs/operate.md lists the causes.",
		}, []string{"type", "cause"}),
		policyCalls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cf_helm_broker_policy_calls_total",
			Help: "Calls of CF's external policy API, by call (list, create, delete) and result (ok, error).",
		}, []string{"call", "result"}),
	}
	m.startAtZero()
	m.nodeWaits = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cf_helm_broker_node_waits_total",
		Help: "Binds that waited until the instance's nodes let the app in (BIND_WAITS_FOR_NODES), by result: polled, lagged (a node didn't in time), unknown (it couldn't be told).",
	}, []string{"result"})
	for _, result := range []string{NodesPolled, NodesLagged, NodesUnknown} {
		m.nodeWaits.WithLabelValues(result)
	}
	m.Reasserted = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "cf_helm_broker_policies_reasserted_total",
		Help: "Policies that were lost, to CF's cleanup or to somebody's hand, and posted again.",
	})
	m.Revoked = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "cf_helm_broker_policies_revoked_total",
		Help: "Policies that were closed, and seen to be gone.",
	})
	m.Stale = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cf_helm_broker_bindings_stale",
		Help: "Bindings whose credentials hold an address that no pod of the instance has any more, as of the last round. broker instances show names them.",
	})
	m.RoundFailed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "cf_helm_broker_policy_round_failures_total",
		Help: "Rounds in which policies couldn't be compared with the bindings, or not be put right.",
	})
	m.Desired = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cf_helm_broker_policies_desired",
		Help: "Policies that live bindings need, as of the last round. Only the leading replica has rounds.",
	})
	m.missing = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cf_helm_broker_policies_missing",
		Help: "Of those, the ones that the last round found missing. A round that couldn't look everywhere and found none leaves it as it was.",
	})
	m.GoodRound = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cf_helm_broker_policy_last_good_round_timestamp_seconds",
		Help: "When a round last ended well.",
	})
	registry.MustRegister(m.operations, m.failures, m.policyCalls, m.nodeWaits, m.Reasserted, m.Revoked, m.Stale, m.RoundFailed, m.Desired, m.missing, m.GoodRound,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "cf_helm_broker_policies_missing_seconds",
			Help: "For how long each round has found some missing; 0: the last one found none.",
		}, func() float64 { return m.missed.lasts(time.Now()).Seconds() }))
	return m
}

// startAtZero has series there before anything is counted: an increase is seen from a
// number to the next, so the first failure would be none.
func (m *Metrics) startAtZero() {
	for _, kind := range []string{string(record.Create), string(record.Modify), string(record.Delete), "bind", "unbind"} {
		for _, result := range []record.State{record.Succeeded, record.Failed} {
			m.operations.WithLabelValues(kind, string(result))
		}
		for _, why := range cause.All() {
			m.failures.WithLabelValues(kind, string(why))
		}
	}
	for _, call := range []string{"list", "create", "delete"} {
		for _, result := range []string{"ok", "error"} {
			m.policyCalls.WithLabelValues(call, result)
		}
	}
}

// Operation notes how an operation has ended. That a binding is there already is no failure.
func (m *Metrics) Operation(kind string, err error, started time.Time) {
	state := record.Succeeded
	if err != nil && !errors.Is(err, record.ErrExists) {
		state = record.Failed
		m.failures.WithLabelValues(kind, string(cause.Of(err))).Inc()
	}
	m.operations.WithLabelValues(kind, string(state)).Observe(time.Since(started).Seconds())
}

// PolicyCall counts a call of the policy API; see policy.New.
func (m *Metrics) PolicyCall(call string, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.policyCalls.WithLabelValues(call, result).Inc()
}

// PoliciesMissing notes how many policies a round has found missing.
func (m *Metrics) PoliciesMissing(count int) {
	m.missing.Set(float64(count))
	m.missed.set(count > 0, time.Now())
}

// What has become of a bind's waiting for nodes.
const (
	NodesPolled  = "polled"
	NodesLagged  = "lagged"
	NodesUnknown = "unknown"
)

// NodesAwaited counts a bind that has waited for nodes, by result.
func (m *Metrics) NodesAwaited(result string) { m.nodeWaits.WithLabelValues(result).Inc() }
