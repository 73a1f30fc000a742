package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

func steps(n int) []upgrade.Step {
	all := make([]upgrade.Step, n)
	for i := range all {
		all[i] = upgrade.Step{Instance: upgrade.Instance{ID: fmt.Sprint(i)}, To: "2.0.0"}
	}
	return all
}

// TestRun: what is begun, and what isn't, when some can't be upgraded.
func TestRun(t *testing.T) {
	broken := errors.New("it doesn't start")
	for name, c := range map[string]struct {
		steps                            int
		pace                             upgrade.Pace
		breaks                           func(id string) bool
		upgraded, failed, canaries, left int
	}{
		"nothing":             {0, upgrade.Pace{Canaries: 1, MaxInFlight: 1}, nil, 0, 0, 0, 0},
		"all":                 {10, upgrade.Pace{Canaries: 2, MaxInFlight: 3}, nil, 10, 0, 2, 0},
		"without canaries":    {10, upgrade.Pace{MaxInFlight: 20}, nil, 10, 0, 0, 0},
		"canaries only":       {2, upgrade.Pace{Canaries: 5, MaxInFlight: 3}, nil, 2, 0, 2, 0},
		"the canary breaks":   {10, upgrade.Pace{Canaries: 1, MaxInFlight: 3}, func(id string) bool { return id == "0" }, 0, 1, 1, 9},
		"the second canary":   {10, upgrade.Pace{Canaries: 3, MaxInFlight: 1}, func(id string) bool { return id == "1" }, 1, 1, 2, 8},
		"one of the others":   {10, upgrade.Pace{Canaries: 1, MaxInFlight: 1}, func(id string) bool { return id == "4" }, 4, 1, 1, 5},
		"all break, at once":  {3, upgrade.Pace{MaxInFlight: 3}, func(string) bool { return true }, 0, 3, 0, 0},
		"the last one breaks": {3, upgrade.Pace{MaxInFlight: 1}, func(id string) bool { return id == "2" }, 2, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var upgraded, failed, canaries int
			var now, begun atomic.Int32
			together := make(chan struct{})
			left := upgrade.Run(t.Context(), steps(c.steps), c.pace, func(_ context.Context, s upgrade.Step) error {
				if at := int(now.Add(1)); at > c.pace.MaxInFlight {
					t.Errorf("%d run at once", at)
				}
				defer now.Add(-1)
				if c.left == 0 && c.failed == c.steps && c.steps > 0 { // all are to run at once
					if int(begun.Add(1)) == c.steps {
						close(together)
					}
					<-together
				}
				if c.breaks != nil && c.breaks(s.Instance.ID) {
					return broken
				}
				return nil
			}, func(o upgrade.Outcome) {
				if o.Canary {
					canaries++
				}
				if o.Err != nil {
					failed++
					return
				}
				upgraded++
			})
			if upgraded != c.upgraded || failed != c.failed || canaries != c.canaries || len(left) != c.left {
				t.Errorf("%d upgraded, %d failed, %d canaries, %d left; want %d, %d, %d, %d",
					upgraded, failed, canaries, len(left), c.upgraded, c.failed, c.canaries, c.left)
			}
		})
	}
}

// TestCanaries: each service has its own, of which as many succeed as were asked for: what
// is passed over says nothing of the version, and stops nothing.
func TestCanaries(t *testing.T) {
	var all []upgrade.Step
	for n := range 10 {
		all = append(all, upgrade.Step{Instance: upgrade.Instance{ID: fmt.Sprint(n), ServiceID: []string{"a", "b"}[n/5]}})
	}
	ends := map[string]error{"0": upgrade.ErrDeleted, "5": fmt.Errorf("%w: its update is running", upgrade.ErrBusy), "8": upgrade.ErrDeleted}
	var canaries, others []string
	pace := upgrade.Pace{Canaries: 1, MaxInFlight: 1}
	if first := pace.First(all); first != 2 {
		t.Errorf("%d are to be first", first)
	}
	left := upgrade.Run(t.Context(), all, pace, func(_ context.Context, s upgrade.Step) error { return ends[s.Instance.ID] }, func(o upgrade.Outcome) {
		if o.Canary {
			canaries = append(canaries, o.Step.Instance.ID)
			return
		}
		others = append(others, o.Step.Instance.ID)
	})
	if !slices.Equal(canaries, []string{"0", "5", "1", "6"}) || len(others) != 6 || len(left) > 0 {
		t.Errorf("canaries were %v, others %v, left are %v", canaries, others, left)
	}
	ends["6"] = upgrade.ErrUnderWay // who knows how it ends
	if left := upgrade.Run(t.Context(), all, pace, func(_ context.Context, s upgrade.Step) error { return ends[s.Instance.ID] }, func(upgrade.Outcome) {}); len(left) != 6 {
		t.Errorf("%d are left, after a canary whose end isn't known", len(left))
	}
}

// TestRunEnds when it is told to: none is begun any more.
func TestRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	left := upgrade.Run(ctx, steps(5), upgrade.Pace{MaxInFlight: 1}, func(context.Context, upgrade.Step) error {
		if done == 1 {
			cancel()
		}
		return nil
	}, func(upgrade.Outcome) { done++ })
	if done != 2 || len(left) != 3 {
		t.Errorf("%d have ended, %d are left", done, len(left))
	}
}
