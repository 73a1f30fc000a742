package access

import (
	"errors"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
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
		refused               error
	}{
		"made":               {state: record.Opening, why: opened, noted: true, intent: recorded, opens: recorded},
		"made already":       {state: record.Bound, why: opened, refused: record.ErrExists},
		"revoked, then made": {state: record.Revoking, why: opened, refused: locate.ErrBusy},
		"follows":            {state: record.Bound, why: follows, intent: to("i", 1, 2, 3), opens: to("i", 3), closes: to("i", 1), until: true},
		"follows too late":   {state: record.Revoking, why: follows, refused: locate.ErrBusy},
		"unbound":            {state: record.Bound, why: unwanted, intent: recorded, closes: recorded},
		"unbound meanwhile":  {state: record.Opening, why: unwanted, intent: recorded, closes: recorded, until: true},
		"undone":             {state: record.Opening, why: undone, intent: recorded, closes: recorded},
		"unsure":             {state: record.Opening, why: unsure, intent: recorded, closes: recorded, until: true},
		"tombstone":          {state: record.Revoking, why: owed, noted: true, intent: recorded, closes: recorded},
		"failed":             {state: record.Unmade, why: owed, noted: true, intent: recorded, closes: recorded},
		"made after all":     {state: record.Bound, why: undone, refused: errMade},
		"asked for again":    {state: record.Opening, why: owed, refused: errMade},
	} {
		got, err := plan(record.Binding{State: c.state, Policies: recorded}, c.why, need{policies: wanted}, time.Now(), time.Minute)
		if !errors.Is(err, c.refused) {
			t.Errorf("%s: %v, want %v", name, err, c.refused)
		}
		if got.noted != c.noted || !policy.Same(got.intent.Policies, c.intent) || !policy.Same(got.open, c.opens) || !policy.Same(got.close, c.closes) {
			t.Errorf("%s: %+v, want %+v", name, got, c)
		}
		if until := !got.intent.UnsettledUntil.IsZero(); until != c.until {
			t.Errorf("%s: may be posted until %s", name, got.intent.UnsettledUntil)
		}
	}
}

// TestPoliciesOff: a binding that was recorded before policies were turned off opens
// nothing, and ends no process.
func TestPoliciesOff(t *testing.T) {
	if err := new(Access).grant(t.Context(), to("i", 1)); err != nil {
		t.Error(err)
	}
}
