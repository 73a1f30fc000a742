package release

import (
	"context"
	"slices"

	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// removeWithNamespace removes a release at the same time as its namespace, whose
// deletion begin begins, if it can go so; what else there is to do then is for the
// namespace to do, whatever the error.
//
// Kubernetes looks at a namespace five seconds after it was asked to delete it, and
// if there are pods then, with their time to end, only seconds later again. So the
// objects are deleted in these five seconds.
func (c *Client) removeWithNamespace(ctx context.Context, target tenant.Target, begin func(context.Context)) (can bool, err error) {
	if !c.tenants.ActsAsInstance(target) {
		return false, nil // what the broker makes itself may lie anywhere
	}
	helm, err := c.sessionAs(ctx, c.tenants.As(target), target, nil)
	if err != nil {
		return false, nil //nolint:nilerr // who uninstalls with care finds the same, and mends what can be mended
	}
	past, err := helm.past(target.Release)
	if err != nil || !helm.goesWithNamespace(past) {
		return false, nil //nolint:nilerr // likewise
	}
	begin(ctx)
	if len(past) == 0 {
		return true, nil
	}
	helm.client.rules = c.rulesAgain(target, past[0])
	return true, helm.purge(past[0])
}

// goesWithNamespace tells whether a release needs its namespace for nothing when it
// ends: a namespace that is being deleted lets no hook be made, and takes away the
// records that tell what lies elsewhere.
func (s *session) goesWithNamespace(past past) bool {
	if len(past) > 0 && slices.ContainsFunc(past[0].Hooks, runsAtDelete) {
		return false
	}
	outside, err := s.outside(past)
	return err == nil && len(outside) == 0
}

func runsAtDelete(hook *release.Hook) bool {
	return slices.Contains(hook.Events, release.HookPreDelete) || slices.Contains(hook.Events, release.HookPostDelete)
}
