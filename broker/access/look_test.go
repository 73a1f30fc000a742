package access

import (
	"errors"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestKeptOnBoth: a binding that isn't open yet on what is enforced now is kept open where it is.
func TestKeptOnBoth(t *testing.T) {
	b := record.Binding{State: record.Bound, Policies: to("i", 1), Networks: []string{"old", "next"}}
	old, next := &enforcer{}, &enforcer{down: errors.New("refused")}
	a := &Access{networks: Networks{Enforcers: map[string]policy.Enforcer{"old": old, "next": next}, Enforce: []string{"next"}}}
	missing, err := a.look(t.Context(), []record.Binding{b}, policy.Enforcer.Missing)
	if !errors.Is(err, next.down) || !missing.finds(b) || !missing.unsure(b) {
		t.Errorf("missing are %v, %v", missing, err)
	}
}

// TestPartlyUnseen: what couldn't be looked at on a network keeps nothing else there from
// being put back, and isn't taken for gone.
func TestPartlyUnseen(t *testing.T) {
	lost, hidden := record.Binding{Policies: to("i", 1), Networks: []string{"n"}}, record.Binding{Policies: to("j", 1), Networks: []string{"n"}}
	cause := errors.New("one of its clusters is down")
	n := &enforcer{down: policy.Unseen(hidden.Policies, cause), open: policy.SetOf(hidden.Policies)}
	a := &Access{networks: Networks{Enforcers: map[string]policy.Enforcer{"n": n}, Enforce: []string{"n"}}}
	m, err := a.look(t.Context(), []record.Binding{lost, hidden}, policy.Enforcer.Missing)
	if !errors.Is(err, cause) || !m.finds(lost) || m.unsure(lost) || m.finds(hidden) || !m.unsure(hidden) {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestPayable: what a revoked binding has on a network that answers is closed there, however
// long another one doesn't.
func TestPayable(t *testing.T) {
	b := record.Binding{State: record.Revoking, Policies: to("i", 1), Networks: []string{"up", "down"}}
	there, gone, down := sight{found: policy.SetOf(b.Policies)}, sight{}, sight{blind: true}
	for name, c := range map[string]struct {
		up, down sight
		settled  bool
		want     bool
	}{
		"there again, beside one that is down":  {there, down, false, true},
		"gone, beside one that is down":         {gone, down, true, false},
		"gone from both":                        {gone, gone, true, true},
		"gone, and somebody may be opening it":  {gone, gone, false, false},
		"on one of both":                        {gone, there, false, true},
		"both are down":                         {down, down, true, false},
		"unknown where one of its clusters is":  {sight{unknown: policy.SetOf(b.Policies)}, gone, true, false},
		"there, and another network half known": {there, sight{unknown: policy.SetOf(b.Policies)}, false, true},
	} {
		if got := (sights{"up": c.up, "down": c.down}).payable(b, vault{}, c.settled); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
