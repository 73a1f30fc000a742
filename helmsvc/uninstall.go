package helmsvc

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
)

// Uninstall removes the release, its cluster-scoped objects included. A
// release that doesn't exist is no error, nor is one in any state that a
// crash can leave. The namespace stays: see DeleteNamespace.
func (c *Cluster) Uninstall(ctx context.Context, target Target) error {
	helm, err := c.session(ctx, target.Namespace, nil)
	if err != nil {
		return err
	}
	status, err := helm.status(target.Release)
	if err != nil {
		return fmt.Errorf("reading the state of release %s: %w", target.Release, err)
	}
	if status == "" {
		return nil
	}
	if err := helm.uninstall(ctx, target.Release); err != nil {
		return fmt.Errorf("uninstalling release %s: %w", target.Release, err)
	}
	return nil
}

// uninstall runs the delete hooks, and goes on without them if they fail: a
// broken hook must not make an instance undeletable.
func (s *session) uninstall(ctx context.Context, name string) error {
	err := s.runUninstall(ctx, name, true)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return s.runUninstall(ctx, name, false)
}

func (s *session) runUninstall(ctx context.Context, name string, hooks bool) error {
	uninstall := action.NewUninstall(s.Configuration)
	uninstall.IgnoreNotFound = true
	uninstall.DisableHooks = !hooks
	uninstall.Timeout = remaining(ctx)
	_, err := uninstall.Run(name)
	return err
}
