package measure

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
)

// TestFirstFailureIsAnIncrease: what can be counted is there before it is, at 0, and
// nothing is counted under another name.
func TestFirstFailureIsAnIncrease(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := New(registry)
	before := counts(t, registry)
	for _, kind := range []string{"create", "update", "delete", "bind", "unbind"} {
		m.Operation(kind, nil, time.Now())
		for _, why := range cause.All() {
			m.Operation(kind, cause.Else(why, errors.New("no")), time.Now())
		}
	}
	for _, call := range []string{"list", "create", "delete"} {
		m.PolicyCall(call, nil)
		m.PolicyCall(call, errors.New("no"))
	}
	m.NodesAwaited(NodesPolled)
	after := counts(t, registry)
	for series, count := range after {
		if was, there := before[series]; !there || was != 0 {
			t.Errorf("%s is %g, and was %g (there: %t)", series, count, was, there)
		}
	}
}

// counts are what is counted under each name and labels.
func counts(t *testing.T, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				name += " " + label.GetName() + "=" + label.GetValue()
			}
			switch family.GetType().String() {
			case "HISTOGRAM":
				found[name] = float64(metric.GetHistogram().GetSampleCount())
			case "COUNTER":
				found[name] = metric.GetCounter().GetValue()
			}
		}
	}
	return found
}
