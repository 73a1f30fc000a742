package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Revision returns the number of the release's revision that is deployed or, where
// a killed process has left none, of the newest that was meant to stay.
func (c *Cluster) Revision(ctx context.Context, target tenant.Target) (number int, err error) {
	defer func() { err = c.Unsure(ctx, target, err) }()
	if err := c.RepairAccount(ctx, target); err != nil {
		return 0, err
	}
	helm, err := c.session(ctx, target, nil)
	if err != nil {
		return 0, err
	}
	deployed, err := helm.Releases.Deployed(target.Release)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		return helm.meant(target.Release)
	}
	if err != nil {
		return 0, fmt.Errorf("looking for the release that is to be changed: %w", err)
	}
	return deployed.Version, nil
}

// meant is the newest revision that was meant to stay, of a release of which none is
// deployed: Helm takes one's mark off before another has it. An upgrade that
// hasn't ended isn't one; a rollback is, since it has what was before.
func (s *session) meant(name string) (number int, err error) {
	revisions, err := s.Releases.History(name)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return 0, fmt.Errorf("reading the history of release %s: %w", name, err)
	}
	releaseutil.Reverse(revisions, releaseutil.SortByRevision)
	for _, r := range revisions {
		if r.Info.Status == release.StatusSuperseded || strings.HasPrefix(r.Info.Description, "Rollback to ") {
			return r.Version, nil
		}
	}
	return 0, fmt.Errorf("the release %s is gone, or was never ready; delete the service instance", name)
}

// Rollback brings the release back to a revision, exposed or not as that was,
// and returns when everything is ready. If that is the newest one, an upgrade failed before it changed
// anything, and there is nothing to do.
func (c *Cluster) Rollback(ctx context.Context, target tenant.Target, revision int) error {
	return c.work(ctx, target, func(ctx context.Context) error { return c.rollback(ctx, target, revision) })
}

func (c *Cluster) rollback(ctx context.Context, target tenant.Target, revision int) error {
	helm, err := c.session(ctx, target, nil)
	if err != nil {
		return err
	}
	last, err := helm.unlocked(target.Release)
	if err != nil {
		return fmt.Errorf("rolling back: %w", err)
	}
	if last.Info.Status == release.StatusDeployed && last.Version == revision {
		return nil
	}
	before, err := helm.Releases.Get(target.Release, revision)
	if err != nil {
		return helm.failure(ctx, "rolling back", fmt.Errorf("reading revision %d: %w", revision, err))
	}
	helm.client.rules = c.rulesAgain(target, before)
	if err := helm.admitGroups(ctx, last, before); err != nil {
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
