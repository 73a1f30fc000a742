package access

import (
	"errors"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/gather"
)

// TestUnseenIsNotThere: a round that can't see a network doesn't end the time for which
// policies have been missing there; one that sees everything does.
func TestUnseenIsNotThere(t *testing.T) {
	p := to("i", 1)
	for name, c := range map[string]struct {
		sees sights
		want float64
	}{
		"all is there":       {sights{"n": {}, "m": {}}, 0},
		"a network is blind": {sights{"n": {blind: true}, "m": {}}, 2},
		"some are unknown":   {sights{"n": {unknown: policy.SetOf(p)}}, 2},
		"one, and blind":     {sights{"n": {blind: true}, "m": {found: policy.SetOf(p)}}, 1},
	} {
		registry := prometheus.NewRegistry()
		metrics := measure.New(registry)
		metrics.PoliciesMissing(2)
		refuses := &enforcer{down: errors.New("no answer")}
		records, err := record.NewStore(fake.NewClientset(), "records") // of which the binding is gone
		if err != nil {
			t.Fatal(err)
		}
		a := New(Settings{}, nil, records, Networks{Enforcers: map[string]policy.Enforcer{"n": refuses, "m": refuses}}, metrics, lager.NewLogger("test"))
		if _, err := (&Rounds{Access: a}).reassert(t.Context(), []record.Binding{{Policies: p, Networks: []string{"m"}}}, c.sees); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := gather.Gauge(t, registry, "cf_helm_broker_policies_missing"); got != c.want {
			t.Errorf("%s: %g are missing, want %g", name, got, c.want)
		}
	}
}
