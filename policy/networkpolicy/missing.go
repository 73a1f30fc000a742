package networkpolicy

import (
	"context"
	"errors"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Missing lists each cluster once. Of a cluster that can't be listed, and of policies of
// which an end can't be found, the error says so, and all is told of the others.
func (e *Enforcer) Missing(ctx context.Context, policies []policy.Policy) ([]policy.Policy, error) {
	w, unknown, err := e.wantedOf(ctx, policies)
	failed := []error{err}
	if len(w.objects) == 0 && err == nil {
		return nil, nil
	}
	have, err := e.list(ctx, w, policies)
	failed = append(failed, err)
	var missing []policy.Policy
	for _, o := range w.objects {
		if found := have[o.cluster][o.where()]; found == nil || !o.trueOf(found) {
			missing = append(missing, o.policy)
		}
	}
	unknown = policy.Unique(append(unknown, w.unseenIn(have)...))
	return policy.Without(policy.Unique(missing), unknown), policy.Unseen(unknown, errors.Join(failed...))
}
