package helmsvc

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
)

// Rollback brings the release back to the revision that was last deployed and
// returns when everything is ready. If that is the newest one, an upgrade
// failed before it changed anything, and there is nothing to do.
func (c *Cluster) Rollback(ctx context.Context, target Target, report func(Progress)) error {
	helm, err := c.session(ctx, target.Namespace, report)
	if err != nil {
		return err
	}
	last, err := helm.unlocked(target.Release)
	if err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	if last.Info.Status == release.StatusDeployed {
		return nil
	}
	deployed, err := helm.Releases.Deployed(target.Release)
	if err != nil {
		return fmt.Errorf("looking for the revision to go back to: %w", err)
	}
	rollback := action.NewRollback(helm.Configuration)
	rollback.Version = deployed.Version
	rollback.MaxHistory = history
	rollback.CleanupOnFail = true
	rollback.Wait = true
	rollback.WaitForJobs = true
	rollback.Timeout = remaining(ctx)
	if err := rollback.Run(target.Release); err != nil {
		return helm.failure(ctx, "rolling back", err)
	}
	return nil
}
