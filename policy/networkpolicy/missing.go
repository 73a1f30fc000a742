package networkpolicy

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Missing lists each cluster once.
func (e *Enforcer) Missing(ctx context.Context, policies []policy.Policy) ([]policy.Policy, error) {
	w, err := e.wantedFor(ctx, policies)
	if err != nil || len(w.objects) == 0 {
		return nil, err
	}
	have, err := e.list(ctx, w, policies)
	if err != nil {
		return nil, err
	}
	var missing []policy.Policy
	for _, o := range w.objects {
		if found := have[o.cluster][o.where()]; found == nil || !o.trueOf(found) {
			missing = append(missing, o.policy)
		}
	}
	return policy.Unique(missing), nil
}
