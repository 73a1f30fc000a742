package networkpolicy

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Left are those of which there is an object on either side, wherever it is and
// whatever has become of it: what is at the policy's ends may be gone.
func (e *Enforcer) Left(ctx context.Context, policies []policy.Policy) ([]policy.Policy, error) {
	if len(policies) == 0 {
		return nil, nil
	}
	w, err := e.wantedFor(ctx, policies)
	if err != nil {
		return nil, err
	}
	have, err := e.list(ctx, w, policies)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, found := range have {
		for _, object := range found {
			names[object.Name] = true
		}
	}
	var left []policy.Policy
	for _, p := range policies {
		if key := e.keyOf(p); names[nameOf(key, egress)] || names[nameOf(key, ingress)] {
			left = append(left, p)
		}
	}
	return policy.Unique(left), nil
}
