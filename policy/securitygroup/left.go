package securitygroup

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Left returns those of the policies that a rule of any group is there for: one list
// for the whole foundation.
func (e *Enforcer) Left(ctx context.Context, closed []policy.Policy) ([]policy.Policy, error) {
	groups, err := e.look(ctx)
	if err != nil {
		return nil, err
	}
	there := policy.Set{}
	for _, g := range groups {
		for p := range g.rules {
			there[p] = struct{}{}
		}
	}
	return there.Of(closed), nil
}
