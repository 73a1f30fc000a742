package measure

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// rounds tells what rounds see and do about policies; each metric's help says more.
type rounds struct {
	Reasserted  prometheus.Counter
	Revoked     prometheus.Counter
	Stale       prometheus.Gauge
	RoundFailed prometheus.Counter
	Desired     prometheus.Gauge
	GoodRound   prometheus.Gauge

	missing prometheus.Gauge
	missed  since
}

func newRounds(registry prometheus.Registerer) *rounds {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		registry.MustRegister(g)
		return g
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		registry.MustRegister(c)
		return c
	}
	r := &rounds{
		Reasserted:  counter("cf_helm_broker_policies_reasserted_total", "Policies that were lost, to CF's cleanup or to somebody's hand, and posted again."),
		Revoked:     counter("cf_helm_broker_policies_revoked_total", "Policies that were closed, and seen to be gone."),
		Stale:       gauge("cf_helm_broker_bindings_stale", "Bindings whose credentials hold an address that no pod of the instance has any more, as of the last round. broker instances show names them."),
		RoundFailed: counter("cf_helm_broker_policy_round_failures_total", "Rounds in which policies couldn't be compared with the bindings, or not be put right."),
		Desired:     gauge("cf_helm_broker_policies_desired", "Policies that live bindings need, as of the last round. Only the leading replica has rounds; the others tell 0."),
		GoodRound:   gauge("cf_helm_broker_policy_last_good_round_timestamp_seconds", "When a round last ended well, or when this replica began to lead, if none has since; 0: it doesn't lead."),
		missing:     gauge("cf_helm_broker_policies_missing", "Of those, the ones that the last round found missing. A round that couldn't look everywhere and found none leaves it as it was."),
	}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cf_helm_broker_policies_missing_seconds",
		Help: "For how long each round has found some missing; 0: the last one found none.",
	}, func() float64 { return r.missed.lasts(time.Now()).Seconds() }))
	return r
}

// TermBegins notes that this replica leads from now on, until end: what it then tells is
// of this term, and for how long rounds haven't ended well counts from its beginning.
func (r *rounds) TermBegins() (end func()) {
	r.GoodRound.SetToCurrentTime()
	return func() {
		r.Stale.Set(0)
		r.Desired.Set(0)
		r.PoliciesMissing(0)
		r.GoodRound.Set(0)
	}
}

// PoliciesMissing notes how many policies a round has found missing.
func (r *rounds) PoliciesMissing(count int) {
	r.missing.Set(float64(count))
	r.missed.set(count > 0, time.Now())
}
