package access

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestPlan: whatever is opened is recorded before, and what isn't live any more
// closes all that it has recorded.
func TestPlan(t *testing.T) {
	recorded, wanted := to("i", 1, 2), to("i", 2, 3)
	for name, c := range map[string]struct {
		state                 record.BindingState
		why                   event
		noted                 bool
		intent, opens, closes []policy.Policy
		until                 bool // noted until when it may still be posted
		keep, forget          bool // in CredHub
		refused               error
	}{
		"made":               {state: record.Opening, why: opened, noted: true, intent: recorded, opens: recorded, keep: true},
		"made already":       {state: record.Bound, why: opened, refused: record.ErrExists},
		"revoked, then made": {state: record.Revoking, why: opened, refused: locate.ErrBusy},
		"follows":            {state: record.Bound, why: follows, intent: to("i", 1, 2, 3), opens: to("i", 3), closes: to("i", 1), until: true},
		"follows too late":   {state: record.Revoking, why: follows, refused: locate.ErrBusy},
		"unbound":            {state: record.Bound, why: unwanted, intent: recorded, closes: recorded, forget: true},
		"unbound meanwhile":  {state: record.Opening, why: unwanted, intent: recorded, closes: recorded, forget: true, until: true},
		"undone":             {state: record.Opening, why: undone, intent: recorded, closes: recorded, forget: true},
		"unsure":             {state: record.Opening, why: unsure, intent: recorded, closes: recorded, forget: true, until: true},
		"tombstone":          {state: record.Revoking, why: owed, noted: true, intent: recorded, closes: recorded, forget: true},
		"failed":             {state: record.Unmade, why: owed, noted: true, intent: recorded, closes: recorded, forget: true},
		"made after all":     {state: record.Bound, why: undone, refused: errMade},
		"asked for again":    {state: record.Opening, why: owed, refused: errMade},
	} {
		got, err := plan(record.Binding{State: c.state, Policies: recorded}, c.why, need{policies: wanted, networks: []string{policy.C2C}}, time.Now(), time.Minute)
		if !errors.Is(err, c.refused) {
			t.Errorf("%s: %v, want %v", name, err, c.refused)
		}
		if got.noted != c.noted || !policy.Same(got.intent.Policies, c.intent) || !policy.Same(on(got.open), c.opens) || !policy.Same(on(got.close), c.closes) {
			t.Errorf("%s: %+v, want %+v", name, got, c)
		}
		if got.keep != c.keep || got.forget != c.forget {
			t.Errorf("%s: CredHub keeps %t and forgets %t", name, got.keep, got.forget)
		}
		if until := !got.intent.UnsettledUntil.IsZero(); until != c.until {
			t.Errorf("%s: may be posted until %s", name, got.intent.UnsettledUntil)
		}
	}
}

// on are the policies of the one network.
func on(all []onNetwork) []policy.Policy {
	if len(all) == 0 {
		return nil
	}
	return all[0].policies
}

// TestNetworks: a binding that is to be enforced elsewhere opens all of it there, and
// then closes all of it where it was, which its record names meanwhile.
func TestNetworks(t *testing.T) {
	recorded, wanted := to("i", 1, 2), to("i", 2, 3)
	const old, next = "old", "next"
	for name, c := range map[string]struct {
		on, wanted    []string
		opens, closes []onNetwork
		intent        []string
	}{
		"stays":        {[]string{old}, []string{old}, []onNetwork{{old, to("i", 3)}}, []onNetwork{{old, to("i", 1)}}, []string{old}},
		"another":      {[]string{old}, []string{next}, []onNetwork{{next, wanted}}, []onNetwork{{old, recorded}}, []string{next, old}},
		"one more":     {[]string{old}, []string{old, next}, []onNetwork{{old, to("i", 3)}, {next, wanted}}, []onNetwork{{old, to("i", 1)}}, []string{next, old}},
		"one less":     {[]string{old, next}, []string{next}, []onNetwork{{next, to("i", 3)}}, []onNetwork{{old, recorded}, {next, to("i", 1)}}, []string{next, old}},
		"none":         {[]string{old}, nil, nil, []onNetwork{{old, recorded}}, []string{old}},
		"older record": {nil, []string{policy.C2C}, []onNetwork{{policy.C2C, to("i", 3)}}, []onNetwork{{policy.C2C, to("i", 1)}}, []string{policy.C2C}},
	} {
		b := record.Binding{State: record.Bound, Policies: recorded, Networks: c.on}
		got, err := plan(b, follows, need{policies: wanted, networks: c.wanted}, time.Now(), time.Minute)
		if err != nil || !reflect.DeepEqual(got.open, c.opens) || !reflect.DeepEqual(got.close, c.closes) || !slices.Equal(got.intent.Networks, c.intent) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c)
		}
		b.Policies = wanted
		if met := (need{policies: wanted, networks: c.wanted}).metBy(b); met != slices.Equal(distinct(b.On()), distinct(c.wanted)) {
			t.Errorf("%s: that the record says so already: %t", name, met)
		}
	}
}

// TestUnconcluded: what was recorded and then refused on a new network is opened there
// before anything is closed where it was.
func TestUnconcluded(t *testing.T) {
	b := record.Binding{State: record.Bound, Policies: to("i", 1), Networks: []string{"old"}}
	wanted := need{policies: b.Policies, networks: []string{"next"}}
	for attempt := range 3 {
		got, err := plan(b, follows, wanted, time.Now(), time.Minute)
		if err != nil || !reflect.DeepEqual(got.open, []onNetwork{{"next", b.Policies}}) || !reflect.DeepEqual(got.close, []onNetwork{{"old", b.Policies}}) {
			t.Errorf("attempt %d: %+v, %v", attempt, got, err)
		}
		b = got.intent // it was refused
	}
}

// TestClosesWherePossible: a network that fails keeps a binding from being closed on no other.
func TestClosesWherePossible(t *testing.T) {
	b := record.Binding{ID: "b", InstanceID: "i", Policies: to("i", 1), Networks: []string{"down", "up"}, SharedGroups: []string{"i"}}
	records, err := record.NewStore(fake.NewClientset(), "records")
	if err != nil {
		t.Fatal(err)
	}
	down, up := &enforcer{down: errors.New("no answer")}, &enforcer{open: policy.SetOf(b.Policies)}
	a := New(Settings{}, nil, records, Networks{Enforcers: map[string]policy.Enforcer{"down": down, "up": up}}, measure.New(prometheus.NewRegistry()), lager.NewLogger("test"))
	if err := a.close(t.Context(), b, closing(b, need{}), a.live); !errors.Is(err, down.down) || len(up.open) > 0 {
		t.Errorf("%v, and open are %v", err, up.open)
	}
}

// enforcer is a network in memory, which may be down.
type enforcer struct {
	down error
	open policy.Set
}

func (e *enforcer) Missing(_ context.Context, wanted []policy.Policy) ([]policy.Policy, error) {
	return slices.DeleteFunc(slices.Clone(wanted), e.open.Has), e.down
}

func (e *enforcer) Left(_ context.Context, closed []policy.Policy) ([]policy.Policy, error) {
	return e.open.Of(closed), e.down
}

func (e *enforcer) Create(context.Context, []policy.Policy) error { return e.down }

func (e *enforcer) Delete(_ context.Context, policies []policy.Policy) error {
	maps.DeleteFunc(e.open, func(p policy.Policy, _ struct{}) bool { return slices.Contains(policies, p) })
	return e.down
}

// TestPoliciesOff: a binding that was recorded before policies were turned off opens
// nothing, and ends no process.
func TestPoliciesOff(t *testing.T) {
	if err := new(Access).grant(t.Context(), []onNetwork{{policy.C2C, to("i", 1)}}); err != nil {
		t.Error(err)
	}
}
