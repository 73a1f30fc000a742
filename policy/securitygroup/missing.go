package securitygroup

import (
	"context"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Missing returns those of the policies whose rules aren't there with just the
// addresses that the pods have now, or whose group isn't bound to the app's
// space: one list for the whole foundation. Of those whose pods can't be asked about the
// error says so, and all is told of the others.
func (e *Enforcer) Missing(ctx context.Context, wanted []policy.Policy) ([]policy.Policy, error) {
	needs, unseen := e.needs(ctx, wanted)
	if len(needs) == 0 {
		return nil, unseen
	}
	groups, err := e.look(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(p policy.Policy) bool {
		n, ours := needs[p]
		g := groups[n.place]
		met := sameDestinations(g.rules[p], n.destinations) && (len(n.destinations) == 0 || e.bound(g))
		return !ours || met
	}), unseen
}
