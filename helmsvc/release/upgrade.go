package release

import (
	"cmp"
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/history"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Upgrade brings the release to the chart and values given and returns when
// everything is ready. It may be called again after any failure or crash. It
// doesn't undo what has failed: see Rollback. A chart of kinds that the cluster
// doesn't serve is refused before anything is changed, with an UnservedError,
// and so is, with an ExposedError, one whose pods WithoutExposure keeps out, with
// an InsecureError, one whose pods don't keep to their namespace's Pod Security
// Standard, with an OutsideError, one that Impersonate keeps in its namespace, and, with a
// DataLossError, one that deletes data though the plan doesn't allow that.
func (c *Client) Upgrade(ctx context.Context, target tenant.Target, what chart.Rendered, report func(readiness.Progress)) error {
	return c.work(ctx, target, func(ctx context.Context) error { return c.upgrade(ctx, target, what, nil, report) })
}

// upgrade is Upgrade with labels for the release's record.
func (c *Client) upgrade(ctx context.Context, target tenant.Target, what chart.Rendered, labels map[string]string, report func(readiness.Progress)) error {
	helm, err := c.session(ctx, target, report)
	if err != nil {
		return err
	}
	helm.client.rules = c.tenants.Rules(target, what.AllowExposure)
	past, _, err := helm.toChange(target.Release, intent{verb: upgrade})
	if err != nil {
		return fmt.Errorf("upgrading the chart: %w", err)
	}
	last := past[0]
	from := cmp.Or(past.running(), last)
	if what, err = helm.renderUpgrade(ctx, target, what, from, last.Version+1); err == nil {
		what, err = helm.withKinds(what)
	}
	if err != nil {
		return helm.failure(ctx, "upgrading the chart", err)
	}
	foreseen, err := helm.dryUpgrade(target, from, what)
	if err == nil {
		err = helm.foresee(ctx, foreseen, what.Chart.CRDObjects())
	}
	if err == nil {
		err = helm.admitGroups(ctx, from, last, foreseen)
	}
	if err != nil {
		return helm.failure(ctx, "upgrading the chart", err)
	}
	clear(helm.objects) // hundreds may wait for pods
	if err := c.tenants.EnsurePullSecret(ctx, target.Namespace, !target.Operator); err != nil {
		return err // its password may be another by now
	}
	run := action.NewUpgrade(helm.Configuration)
	run.Namespace = target.Namespace
	run.ResetValues = true // the values given are whole
	run.MaxHistory = history.Kept
	run.Wait = true
	run.WaitForJobs = true
	run.Timeout = remaining(ctx)
	run.Labels = withExposure(labels, what)
	_, err = run.Run(target.Release, what.Chart, what.Values)
	return helm.failure(ctx, "upgrading the chart", err)
}
