package measure

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// operations counts and times them.
type operations struct {
	seconds  *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

// newOperations has series there before anything is counted, as the other parts do: an
// increase is seen from a number to the next, so the first failure would be none.
func newOperations(registry prometheus.Registerer) *operations {
	o := &operations{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cf_helm_broker_operation_seconds",
			Help:    "How long operations took, by type (create, update, delete, bind, unbind) and result.",
			Buckets: prometheus.ExponentialBuckets(0.1, 2, 14),
		}, []string{"type", "result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cf_helm_broker_failures_total",
			Help: "Operations that failed, by type and by what it was: docs/operate.md lists the causes.",
		}, []string{"type", "cause"}),
	}
	registry.MustRegister(o.seconds, o.failures)
	for _, kind := range []string{string(record.Create), string(record.Modify), string(record.Delete), "bind", "unbind"} {
		for _, result := range []record.State{record.Succeeded, record.Failed} {
			o.seconds.WithLabelValues(kind, string(result))
		}
		for _, why := range cause.All() {
			o.failures.WithLabelValues(kind, string(why))
		}
	}
	return o
}

// Operation notes how an operation has ended. That a binding is there already is no failure.
func (o *operations) Operation(kind string, err error, started time.Time) {
	state := record.Succeeded
	if err != nil && !errors.Is(err, record.ErrExists) {
		state = record.Failed
		o.failures.WithLabelValues(kind, string(cause.Of(err))).Inc()
	}
	o.seconds.WithLabelValues(kind, string(state)).Observe(time.Since(started).Seconds())
}
