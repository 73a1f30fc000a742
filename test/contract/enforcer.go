package contract

import (
	"sync"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Enforcer tests an enforcer on whose network none of the policies is true. At least
// three of them are given, of which the enforcer enforces each.
func Enforcer(t *testing.T, e policy.Enforcer, policies ...policy.Policy) {
	t.Helper()
	c := checks{T: t, e: e, all: policies}
	c.are(nil)
	c.must(e.Delete(t.Context(), policies), "deleting what doesn't exist")
	for range 2 {
		c.must(e.Create(t.Context(), policies[1:]), "creating")
		c.are(policies[1:])
	}
	c.must(e.Create(t.Context(), policies), "creating what exists in part")
	c.are(policies)
	for range 2 {
		c.must(e.Delete(t.Context(), policies[:1]), "deleting one")
		c.are(policies[1:])
	}
	c.wider(policies[1])
	c.atOnce()
	c.must(e.Delete(t.Context(), policies), "deleting all")
	c.are(nil)
}

type checks struct {
	*testing.T
	e   policy.Enforcer
	all []policy.Policy
}

func (c checks) must(err error, doing string) {
	c.Helper()
	if err != nil {
		c.Fatalf("%s: %v", doing, err)
	}
}

// are fails unless of all policies just these are true.
func (c checks) are(want []policy.Policy) {
	c.Helper()
	missing, err := c.e.Missing(c.Context(), c.all)
	c.must(err, "looking for what is missing")
	if absent := policy.Without(c.all, want); !policy.Same(missing, absent) {
		c.Errorf("missing are %+v, want %+v", missing, absent)
	}
	left, err := c.e.Left(c.Context(), c.all)
	c.must(err, "looking for what is left")
	if !policy.Same(left, want) {
		c.Errorf("left are %+v, want %+v", left, want)
	}
}

// wider: a policy for more ports is another policy.
func (c checks) wider(p policy.Policy) {
	c.Helper()
	wide := p
	wide.Destination.Ports = policy.Ports{Start: p.Destination.Ports.Start - 1, End: p.Destination.Ports.End + 1}
	c.must(c.e.Create(c.Context(), []policy.Policy{wide}), "creating a wider one")
	c.must(c.e.Delete(c.Context(), []policy.Policy{p}), "deleting the narrower one")
	if left, err := c.e.Left(c.Context(), []policy.Policy{p, wide}); err != nil || !policy.Same(left, []policy.Policy{wide}) {
		c.Errorf("left are %+v (%v), want the wider one", left, err)
	}
	c.must(c.e.Delete(c.Context(), []policy.Policy{wide}), "deleting the wider one")
}

// atOnce: what several open and close at the same time, and each its own, is there and
// isn't.
func (c checks) atOnce() {
	c.Helper()
	c.must(c.e.Create(c.Context(), c.all[:1]), "creating the first")
	var group sync.WaitGroup
	for i, p := range c.all {
		group.Go(func() {
			do := c.e.Create
			if i == 0 {
				do = c.e.Delete
			}
			if err := do(c.Context(), []policy.Policy{p}); err != nil {
				c.Errorf("at once: %v", err)
			}
		})
	}
	group.Wait()
	c.are(c.all[1:])
}
