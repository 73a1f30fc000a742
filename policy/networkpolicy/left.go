package networkpolicy

import (
	"context"
	"errors"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Left are those of which there is an object on either side, wherever it is and
// whatever has become of it: what is at the policy's ends may be gone. Of a cluster that
// can't be listed the error says so, as Missing's does.
func (e *Enforcer) Left(ctx context.Context, policies []policy.Policy) ([]policy.Policy, error) {
	if len(policies) == 0 {
		return nil, nil
	}
	w, unknown, lost := e.wantedOf(ctx, policies)
	have, failed := e.list(ctx, w, policies)
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
	unknown = append(unknown, w.unseenIn(have)...)
	return policy.Unique(left), policy.Unseen(policy.Unique(unknown), errors.Join(lost, failed))
}

// unseenIn are the policies that have an object in a cluster which couldn't be listed.
func (w wanted) unseenIn(have there) (unseen []policy.Policy) {
	for _, o := range w.objects {
		if _, seen := have[o.cluster]; !seen {
			unseen = append(unseen, o.policy)
		}
	}
	return unseen
}
