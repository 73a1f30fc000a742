package securitygroup

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Delete takes the policies' rules out of whatever groups hold them, and deletes those
// that then hold nothing. It needs no space, app or pod to be there still.
func (e *Enforcer) Delete(ctx context.Context, policies []policy.Policy) error {
	groups, err := e.look(ctx)
	if err != nil {
		return err
	}
	changes := map[place]change{}
	for at, g := range groups {
		gone := change{}
		for _, p := range policies {
			if g.has(p) {
				gone[p] = nil
			}
		}
		if len(gone) > 0 {
			changes[at] = gone
		}
	}
	return e.carryOut(ctx, changes)
}
