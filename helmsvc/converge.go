package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// digestLabel is the label of a release's record that says from which chart it
// was made.
const digestLabel = "cf-helm-broker-chart"

// Converge installs the chart, or upgrades the release if it was made from
// another, and returns when everything is ready. A release that is deployed
// from this very chart is left as it is. What an install has left half-made is
// removed first; an upgrade that fails is rolled back.
func (c *Cluster) Converge(ctx context.Context, target Target, what chart.Rendered, digest string) error {
	helm, err := c.session(ctx, target.Namespace, nil)
	if err != nil {
		return err
	}
	last, err := helm.last(target.Release)
	if err != nil {
		return fmt.Errorf("reading the state of release %s: %w", target.Release, err)
	}
	labels := map[string]string{digestLabel: labelled(digest)}
	if last == nil {
		return helm.failure(ctx, "installing the chart", helm.install(ctx, target, what, labels))
	}
	if last.Info.Status == release.StatusDeployed && last.Labels[digestLabel] == labels[digestLabel] {
		return nil
	}
	deployed, err := helm.Releases.Deployed(target.Release)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		return c.installAnew(ctx, target, what, labels)
	}
	if err != nil {
		return fmt.Errorf("reading the state of release %s: %w", target.Release, err)
	}
	if err := c.upgrade(ctx, target, what, labels, nil); err != nil {
		if undo := c.Rollback(ctx, target, deployed.Version); undo != nil {
			return fmt.Errorf("%w; and going back to what was before failed as well: %s", err, undo.Error())
		}
		return err
	}
	return nil
}

// installAnew replaces a release that has never been ready.
func (c *Cluster) installAnew(ctx context.Context, target Target, what chart.Rendered, labels map[string]string) error {
	if err := c.Uninstall(ctx, target); err != nil {
		return err
	}
	helm, err := c.session(ctx, target.Namespace, nil)
	if err != nil {
		return err
	}
	return helm.failure(ctx, "installing the chart", helm.install(ctx, target, what, labels))
}

// labelled is as much of a digest as a label's value may hold.
func labelled(digest string) string {
	return strings.TrimPrefix(digest, "sha256:")[:40]
}
