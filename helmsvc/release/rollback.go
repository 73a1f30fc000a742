package release

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Revision returns the number of the release's revision that is deployed or, where
// a killed process has left none, of the newest that was meant to stay.
func (c *Client) Revision(ctx context.Context, target tenant.Target) (number int, err error) {
	defer func() { err = c.tenants.Unsure(ctx, target, err) }()
	if err := c.tenants.RepairAccount(ctx, target); err != nil {
		return 0, err
	}
	helm, err := c.session(ctx, target, nil)
	if err != nil {
		return 0, err
	}
	past, err := helm.past(target.Release)
	if err != nil {
		return 0, err
	}
	meant := past.meant()
	if meant == nil {
		return 0, fmt.Errorf("the release %s is gone, or was never ready; delete the service instance", target.Release)
	}
	return meant.Version, nil
}

// Rollback brings the release back to a revision, exposed or not as that was,
// and returns when everything is ready. If that is the newest one, an upgrade failed before it changed
// anything, and there is nothing to do.
func (c *Client) Rollback(ctx context.Context, target tenant.Target, revision int) error {
	return c.work(ctx, target, func(ctx context.Context) error { return c.rollback(ctx, target, revision) })
}

func (c *Client) rollback(ctx context.Context, target tenant.Target, revision int) error {
	helm, err := c.session(ctx, target, nil)
	if err != nil {
		return err
	}
	past, next, err := helm.toChange(target.Release, intent{verb: rollBack, revision: revision})
	if err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	if next == nothing {
		return nil
	}
	before, err := helm.Releases.Get(target.Release, revision)
	if err != nil {
		return helm.failure(ctx, "rolling back", fmt.Errorf("reading revision %d: %w", revision, err))
	}
	helm.client.rules = c.rulesAgain(target, before)
	if err := helm.admitGroups(ctx, past[0], before); err != nil {
		return helm.failure(ctx, "rolling back", err)
	}
	rollback := action.NewRollback(helm.Configuration)
	rollback.Version = revision
	rollback.MaxHistory = history.Kept
	rollback.CleanupOnFail = true
	rollback.Wait = true
	rollback.WaitForJobs = true
	rollback.Timeout = remaining(ctx)
	return helm.failure(ctx, "rolling back", rollback.Run(target.Release))
}
