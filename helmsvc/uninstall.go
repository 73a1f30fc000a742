package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// hookPatience bounds how long delete hooks may take.
const hookPatience = 2 * time.Minute

// Uninstall removes the release, its cluster-scoped objects included. A
// release that doesn't exist is no error, nor is one in any state that a
// crash can leave, nor one whose delete hooks fail or whose kinds the cluster
// no longer knows. The namespace stays: see DeleteNamespace.
func (c *Cluster) Uninstall(ctx context.Context, target Target) (err error) {
	defer func() { err = c.unsure(ctx, target, err) }()
	done, err := c.turn(ctx, target)
	if err != nil {
		return err
	}
	defer done()
	if err := c.repairAccount(ctx, target); err != nil {
		return err
	}
	helm, err := c.session(ctx, target, nil)
	if errors.Is(err, ErrGone) {
		return nil // with the namespace all records of the release go
	}
	if apierrors.IsForbidden(err) {
		// The broker has the rights that it had before it acted as the instance.
		helm, err = c.sessionAs(ctx, c.config, target, nil)
	}
	if err != nil {
		return err
	}
	last, err := helm.last(target.Release)
	if err != nil {
		return err
	}
	if last == nil {
		return nil
	}
	helm.client.making = c.remaking(target, last)
	err = helm.uninstall(ctx, target.Release)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("uninstalling release %s: %w", target.Release, context.Cause(ctx))
	}
	if err := helm.purge(last); err != nil {
		return fmt.Errorf("uninstalling release %s: %w", target.Release, err)
	}
	return nil
}

// uninstall leaves enough time for purge when a delete hook hangs.
func (s *session) uninstall(ctx context.Context, name string) error {
	uninstall := action.NewUninstall(s.Configuration)
	uninstall.Timeout = min(hookPatience, remaining(ctx)/3)
	_, err := uninstall.Run(name)
	return err
}
