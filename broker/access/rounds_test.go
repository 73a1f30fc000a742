package access

import (
	"context"
	"errors"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/test/gather"
)

const (
	desired     = "cf_helm_broker_policies_desired"
	missingFor  = "cf_helm_broker_policies_missing_seconds"
	goodRoundAt = "cf_helm_broker_policy_last_good_round_timestamp_seconds"
)

// TestTerm: a replica tells of policies while it leads, and begins anew each time: neither
// what another term found nor when it did counts.
func TestTerm(t *testing.T) {
	records := recorded(t, record.Binding{ID: "b", InstanceID: "i", State: record.Bound, Policies: to("i", 1), Networks: []string{"n"}})
	registry := prometheus.NewRegistry()
	n := &enforcer{} // which takes policies and loses them
	a := New(Settings{Resync: 10 * time.Millisecond}, nil, records, Networks{Enforcers: map[string]policy.Enforcer{"n": n}}, measure.New(registry), lager.NewLogger("test"))
	rounds := NewRounds(&Follower{Access: a})

	for range 2 {
		n.down = errors.New("no answer")
		begun := float64(time.Now().Unix())
		end := lead(t, rounds)
		seen(t, registry, func(now map[string]float64) bool { return now[desired] == 1 && now[goodRoundAt] >= begun })
		if lasts := gather.Gauge(t, registry, missingFor); lasts != 0 {
			t.Errorf("policies have been missing for %gs, as a term begins", lasts)
		}
		end()
		n.down = nil
		end = lead(t, rounds)
		seen(t, registry, func(now map[string]float64) bool { return now[missingFor] > 0 })
		end()
		for name, value := range gather.Gauges(t, registry) {
			if value != 0 {
				t.Errorf("%s is %g, and the replica doesn't lead", name, value)
			}
		}
	}
}

// TestNothingBoundIsGood: a round that has nothing to compare has ended well.
func TestNothingBoundIsGood(t *testing.T) {
	registry := prometheus.NewRegistry()
	a := New(Settings{}, nil, recorded(t), Networks{}, measure.New(registry), lager.NewLogger("test"))
	if err := NewRounds(&Follower{Access: a}).round(t.Context()); err != nil || gather.Gauge(t, registry, goodRoundAt) == 0 {
		t.Errorf("it ended with %v, and when isn't told", err)
	}
}

// recorded are records of these bindings.
func recorded(t *testing.T, bindings ...record.Binding) *record.Store {
	t.Helper()
	records, err := record.NewStore(fake.NewClientset(), "records")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bindings {
		if _, err := records.CreateBinding(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	go records.Run(t.Context())
	eventually(t, records.Synced)
	return records
}

// lead runs rounds until end is called.
func lead(t *testing.T, r *Rounds) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// seen waits until the gauges are as wanted.
func seen(t *testing.T, registry *prometheus.Registry, as func(map[string]float64) bool) {
	t.Helper()
	eventually(t, func() bool { return as(gather.Gauges(t, registry)) })
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never was so")
		}
	}
}
