package securitygroup_test

import (
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// interrupted is a replica of which another does something just after it has read the
// group for the first time, and before it writes.
func (w *world) interrupted(by func()) *securitygroup.Enforcer {
	api := cfapi.New(cfapi.Settings{CFAPIAddress: w.URL(), ClientID: w.Client().ID, ClientSecret: w.Client().Secret, Timeout: time.Minute}, func(call string, _ error) {
		if call == "find-security-group" && by != nil {
			do := by
			by = nil
			do()
		}
	})
	return securitygroup.New(api, w, securitygroup.Settings{})
}

// TestReplicas: what two replicas write at once comes right, at once or by the next
// round, and what one has closed doesn't stay open since another has read it before.
func TestReplicas(t *testing.T) {
	first, second, third := policy.To(app, group, "tcp", 1), policy.To(otherApp, group, "tcp", 2), policy.To(app, group, "tcp", 3)
	for name, c := range map[string]struct {
		before, opened, closed []policy.Policy // by the other replica
		opens                  []policy.Policy
		closes                 []policy.Policy
		want                   []policy.Policy
	}{
		"both make the group":                     {opened: []policy.Policy{first}, opens: []policy.Policy{second}, want: []policy.Policy{first, second}},
		"one opens, one opens":                    {before: []policy.Policy{third}, opened: []policy.Policy{first}, opens: []policy.Policy{second}, want: []policy.Policy{first, second, third}},
		"one closes, one opens":                   {before: []policy.Policy{first, third}, closed: []policy.Policy{first}, opens: []policy.Policy{second}, want: []policy.Policy{second, third}},
		"one deletes the group, one opens":        {before: []policy.Policy{first}, closed: []policy.Policy{first}, opens: []policy.Policy{second}, want: []policy.Policy{second}},
		"one closes, one closes":                  {before: []policy.Policy{first, second, third}, closed: []policy.Policy{first}, closes: []policy.Policy{second}, want: []policy.Policy{third}},
		"the last two are closed at once":         {before: []policy.Policy{first, second}, closed: []policy.Policy{first}, closes: []policy.Policy{second}},
		"one opens, one deletes the group":        {before: []policy.Policy{first}, opened: []policy.Policy{second}, closes: []policy.Policy{first}, want: []policy.Policy{second}},
		"both close the same, the last":           {before: []policy.Policy{first}, closed: []policy.Policy{first}, closes: []policy.Policy{first}},
		"one opens what the other is opening too": {opened: []policy.Policy{first}, opens: []policy.Policy{first}, want: []policy.Policy{first}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cf.Options{})
			other := w.replica(securitygroup.Settings{})
			create(t, other, c.before...)
			w.closed = policy.SetOf(c.closes)
			e := w.interrupted(func() {
				w.mu.Lock()
				for _, p := range c.closed {
					w.closed[p] = struct{}{}
				}
				w.mu.Unlock()
				create(t, other, c.opened...)
				remove(t, other, c.closed...)
			})
			create(t, e, c.opens...)
			remove(t, e, c.closes...)
			lost, err := other.Missing(t.Context(), c.want) // a round
			if err != nil {
				t.Fatal(err)
			}
			create(t, other, lost...)
			missing(t, other, c.want)
			all := []policy.Policy{first, second, third}
			if left, err := other.Left(t.Context(), all); err != nil || !policy.Same(left, c.want) {
				t.Errorf("left are %+v (%v), want %+v", left, err, c.want)
			}
			if groups := w.SecurityGroups(); (len(groups) > 0) != (len(c.want) > 0) {
				t.Errorf("groups %+v", groups)
			}
		})
	}
}
