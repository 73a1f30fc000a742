package securitygroup

import (
	"context"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Missing returns those of the policies whose rules aren't there with just the
// addresses of the pods that are ready now, or whose group isn't bound to the app's
// space: one list for the whole foundation.
func (e *Enforcer) Missing(ctx context.Context, wanted []policy.Policy) ([]policy.Policy, error) {
	needs, err := e.needs(ctx, wanted)
	if err != nil || len(needs) == 0 {
		return nil, err
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
	}), nil
}
