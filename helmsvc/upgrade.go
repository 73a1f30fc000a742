package helmsvc

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Upgrade brings the release to the chart and values given and returns when
// everything is ready. It may be called again after any failure or crash. It
// doesn't undo what has failed: see Rollback. A chart of kinds that the cluster
// doesn't serve is refused before anything is changed, with an UnservedError,
// and so is, with an ExposedError, one whose pods Config.WithoutExposure keeps out, and,
// with an OutsideError, one that Config.Impersonate keeps in its namespace, and, with a
// DataLossError, one that deletes data though the plan doesn't allow that.
func (c *Cluster) Upgrade(ctx context.Context, target tenant.Target, what chart.Rendered, report func(readiness.Progress)) error {
	return c.work(ctx, target, func(ctx context.Context) error { return c.upgrade(ctx, target, what, nil, report) })
}

// upgrade is Upgrade with labels for the release's record.
func (c *Cluster) upgrade(ctx context.Context, target tenant.Target, what chart.Rendered, labels map[string]string, report func(readiness.Progress)) error {
	helm, err := c.session(ctx, target, report)
	if err != nil {
		return err
	}
	helm.client.rules = c.Rules(target, what.AllowExposure)
	last, err := helm.unlocked(target.Release)
	if err != nil {
		return fmt.Errorf("upgrading the chart: %w", err)
	}
	from, err := helm.replaced(last)
	if err != nil {
		return err
	}
	if what, err = helm.rendered(ctx, target, what, last.Version+1); err != nil {
		return helm.failure(ctx, "upgrading the chart", err)
	}
	rehearsed, err := helm.rehearseUpgrade(target, from, what)
	if err == nil {
		err = helm.admitGroups(ctx, from, last, rehearsed)
	}
	if err != nil {
		return helm.failure(ctx, "upgrading the chart", err)
	}
	if err := c.EnsurePullSecret(ctx, target.Namespace, !target.Operator); err != nil {
		return err // its password may be another by now
	}
	upgrade := action.NewUpgrade(helm.Configuration)
	upgrade.Namespace = target.Namespace
	upgrade.ResetValues = true // the values given are whole
	upgrade.MaxHistory = history.Kept
	upgrade.Wait = true
	upgrade.WaitForJobs = true
	upgrade.Timeout = remaining(ctx)
	upgrade.Labels = withExposure(labels, what)
	_, err = upgrade.Run(target.Release, what.Chart, what.Values)
	return helm.failure(ctx, "upgrading the chart", err)
}

// replaced is the revision that an upgrade replaces: the deployed one, if any.
func (s *session) replaced(last *release.Release) (*release.Release, error) {
	if last.Info.Status == release.StatusDeployed {
		return last, nil
	}
	deployed, err := s.Releases.Deployed(last.Name)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		return last, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state of release %s: %w", last.Name, err)
	}
	return deployed, nil
}

// unlocked returns the release's newest revision. One that a killed process
// left pending is marked as failed first: Helm takes it for somebody else's
// work in progress and refuses.
func (s *session) unlocked(name string) (*release.Release, error) {
	last, err := s.last(name)
	if err != nil {
		return nil, err
	}
	if last == nil {
		return nil, fmt.Errorf("the release %s is gone; delete the service instance", name)
	}
	if !last.Info.Status.IsPending() {
		return last, nil
	}
	last.SetStatus(release.StatusFailed, last.Info.Description) // which tells a rollback from an upgrade
	if err := s.Releases.Update(last); err != nil {
		return nil, fmt.Errorf("unlocking release %s: %w", name, err)
	}
	return last, nil
}
