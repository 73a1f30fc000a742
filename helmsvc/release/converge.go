package release

import (
	"context"
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// digestLabel is the label of a release's record that says from which chart it
// was made.
const digestLabel = "cf-helm-broker-chart"

// Converge installs the chart, or upgrades the release if it was made from
// another or was never ready, and returns when everything is ready. A release
// that is deployed from this very chart is left as it is. An upgrade that fails
// is rolled back, within undoing. Nothing is ever uninstalled: what others
// depend on, CRDs say, would go with it. The rights that it adds to those of
// instances are in effect then.
func (c *Client) Converge(ctx, undoing context.Context, target tenant.Target, what chart.Rendered, digest string) error {
	target.Operator = true
	defer c.capabilities.renew() // services may ask for what it has brought
	if err := c.converge(ctx, undoing, target, what, digest); err != nil || !c.tenants.Impersonates() {
		return err
	}
	helm, err := c.session(ctx, target, nil)
	if err != nil {
		return err
	}
	past, err := helm.past(target.Release)
	if len(past) == 0 || err != nil {
		return err
	}
	return c.tenants.AwaitAggregation(ctx, past[0].Manifest)
}

func (c *Client) converge(ctx, undoing context.Context, target tenant.Target, what chart.Rendered, digest string) error {
	helm, err := c.session(ctx, target, nil)
	if err != nil {
		return err
	}
	past, err := helm.past(target.Release)
	if err != nil {
		return err
	}
	labels := map[string]string{digestLabel: labelled(digest)}
	switch past.next(intent{verb: converge, digest: labels[digestLabel]}) {
	case nothing:
		return helm.foresee(ctx, past[0], what.Chart.CRDObjects())
	case begin:
		return helm.failure(ctx, "installing the chart", helm.install(ctx, target, what, labels))
	}
	running := past.running()
	err = c.upgrade(ctx, target, what, labels, nil)
	if err == nil || running == nil {
		return err // there is nothing to go back to
	}
	if undo := c.Rollback(undoing, target, running.Version); undo != nil {
		return fmt.Errorf("%w; and going back to what was before failed as well: %s", err, undo.Error())
	}
	return fmt.Errorf("%w; it is as it was before", err)
}

// labelled is as much of a digest as a label's value may hold.
func labelled(digest string) string {
	return strings.TrimPrefix(digest, "sha256:")[:40]
}
