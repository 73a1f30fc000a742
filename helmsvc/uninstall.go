package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// hookPatience bounds how long delete hooks may take.
const hookPatience = 2 * time.Minute

// courtesy bounds how long an uninstall may take: the namespace goes in any case.
const courtesy = 5 * time.Minute

// errOddRecord is what is left of a panic: its cause might quote a secret.
var errOddRecord = errors.New("Helm stumbled over the release's record")

// Uninstall removes the release and all that its records say it has made outside
// the namespace, by hooks too, and whatever its chart wants kept; only
// CustomResourceDefinitions stay that are kept, or made by a hook or from crds/.
// A release that doesn't exist is no error, nor is one in any state that a
// crash can leave, nor one whose delete hooks fail or whose kinds the cluster
// no longer knows, nor a namespace that isn't an instance's. The namespace stays.
//
// It is a courtesy to the chart, whose hooks it runs, and takes half of ctx's
// time at most: what is in the namespace may keep it from being done, and nothing
// in there keeps DeleteOutside and DeleteNamespace from removing the instance.
func (c *Cluster) Uninstall(ctx context.Context, target tenant.Target) error {
	return c.work(ctx, target, func(ctx context.Context) error {
		bounded, cancel := context.WithTimeout(ctx, min(courtesy, remaining(ctx)/2))
		defer cancel()
		return c.uninstallOwn(bounded, target)
	})
}

func (c *Cluster) uninstallOwn(ctx context.Context, target tenant.Target) (err error) {
	defer func() {
		if recover() != nil {
			err = errOddRecord
		}
	}()
	err = c.CheckOwn(ctx, target.Namespace)
	var strangers *tenant.ConflictError
	if apierrors.IsNotFound(err) || errors.As(err, &strangers) {
		return nil // with the namespace all records of the release are gone
	}
	if err != nil {
		return err
	}
	return c.uninstall(ctx, target)
}

func (c *Cluster) uninstall(ctx context.Context, target tenant.Target) error {
	if err := c.RepairAccount(ctx, target); err != nil {
		return err
	}
	helm, err := c.session(ctx, target, nil)
	if errors.Is(err, tenant.ErrGone) {
		return nil // with the namespace all records of the release go
	}
	if apierrors.IsForbidden(err) {
		// The broker has the rights that it had before it acted as the instance.
		helm, err = c.sessionAs(ctx, c.config, target, nil)
	}
	if err != nil {
		return err
	}
	revisions, err := helm.Releases.History(target.Release)
	if errors.Is(err, driver.ErrReleaseNotFound) || err == nil && len(revisions) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the state of release %s: %w", target.Release, err)
	}
	releaseutil.SortByRevision(revisions)
	helm.client.rules = c.rulesAgain(target, revisions[len(revisions)-1])
	if err := helm.uninstallAll(ctx, revisions); err != nil {
		return fmt.Errorf("uninstalling release %s: %w", target.Release, err)
	}
	return nil
}

// uninstallAll removes what the release's revisions have made. As long as
// anything of that may be left, so is the record that names it.
func (s *session) uninstallAll(ctx context.Context, revisions []*release.Release) error {
	outsiders, err := s.outsiders(revisions)
	if err != nil {
		return err
	}
	last := revisions[len(revisions)-1]
	keep := len(outsiders) > 0
	if last.Info.Status != release.StatusUninstalled {
		err = s.uninstall(ctx, last.Name, keep)
	}
	switch {
	case err == nil && !keep:
		return nil // the records are gone
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		err = s.purge(last)
	}
	if err != nil {
		return err
	}
	if err := s.deleteOutsiders(outsiders); err != nil {
		return err
	}
	return s.forget(last.Name)
}

// uninstall leaves enough time for purge when a delete hook hangs.
func (s *session) uninstall(ctx context.Context, name string, keepRecords bool) error {
	uninstall := action.NewUninstall(s.Configuration)
	uninstall.Timeout = min(hookPatience, remaining(ctx)/3)
	uninstall.KeepHistory = keepRecords
	_, err := uninstall.Run(name)
	return err
}
