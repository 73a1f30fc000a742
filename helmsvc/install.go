package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Install installs the chart into the target's namespace, which must exist,
// and returns when everything it made is ready. It may be called again after
// any failure or crash: a release that is already deployed is left as it is,
// one that an earlier attempt left half-done is removed and installed anew.
// report is told of each change in readiness. It doesn't retry, and leaves a
// failed release in place to be looked at or uninstalled.
func (c *Cluster) Install(ctx context.Context, target Target, what chart.Rendered, report func(Progress)) error {
	helm, err := c.session(ctx, target.Namespace, report)
	if err != nil {
		return err
	}
	switch status, err := helm.status(target.Release); {
	case err != nil:
		return fmt.Errorf("reading the state of release %s: %w", target.Release, err)
	case status == release.StatusDeployed:
		return nil
	case status != "":
		if err := helm.uninstall(ctx, target.Release); err != nil {
			return fmt.Errorf("removing what an earlier attempt left of release %s: %w", target.Release, err)
		}
	}
	install := action.NewInstall(helm.Configuration)
	install.ReleaseName = target.Release
	install.Namespace = target.Namespace
	install.Wait = true
	install.WaitForJobs = true
	install.Timeout = remaining(ctx)
	// Run, not RunWithContext: the latter returns while it goes on writing.
	if _, err := install.Run(what.Chart, what.Values); err != nil {
		return installError(ctx, err)
	}
	return nil
}

// installError prefers the context's own end to what Helm made of it.
func installError(ctx context.Context, err error) error {
	var notReady *NotReadyError
	if errors.As(err, &notReady) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("installing the chart: %w", context.Cause(ctx))
	}
	return fmt.Errorf("installing the chart: %w", err)
}

// status returns the state of the release's newest revision, "" if none.
func (s *session) status(name string) (release.Status, error) {
	last, err := s.Releases.Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return last.Info.Status, nil
}

// remaining is what Helm's own time-outs are set to: they know no context.
func remaining(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return time.Hour
}
