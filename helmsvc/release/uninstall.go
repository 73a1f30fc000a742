package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
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
//
// Where the release has no delete hooks and lies in its namespace alone, begin is
// called before anything is deleted, to begin the namespace's deletion: see
// removeWithNamespace. nil: the namespace is to outlive the release.
func (c *Client) Uninstall(ctx context.Context, target tenant.Target, begin func(context.Context)) error {
	return c.work(ctx, target, func(ctx context.Context) error {
		bounded, cancel := context.WithTimeout(ctx, min(courtesy, remaining(ctx)/2))
		defer cancel()
		return c.uninstallOwn(bounded, target, begin)
	})
}

func (c *Client) uninstallOwn(ctx context.Context, target tenant.Target, begin func(context.Context)) (err error) {
	defer func() {
		if recover() != nil {
			err = errOddRecord
		}
	}()
	err = c.tenants.CheckOwn(ctx, target)
	var strangers *tenant.ConflictError
	if apierrors.IsNotFound(err) || errors.As(err, &strangers) {
		return nil // with the namespace all records of the release are gone
	}
	if err != nil {
		return err
	}
	if begin != nil {
		if can, err := c.removeWithNamespace(ctx, target, begin); can {
			return err
		}
	}
	return c.uninstall(ctx, target)
}

func (c *Client) uninstall(ctx context.Context, target tenant.Target) error {
	if err := c.tenants.RepairAccount(ctx, target); err != nil {
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
	past, err := helm.past(target.Release)
	if len(past) == 0 || err != nil {
		return err
	}
	helm.client.rules = c.rulesAgain(target, past[0])
	if err := helm.uninstallAll(ctx, past); err != nil {
		return fmt.Errorf("uninstalling release %s: %w", target.Release, err)
	}
	return nil
}

// uninstallAll removes what the release's revisions have made. As long as
// anything of that may be left, so is the record that names it.
func (s *session) uninstallAll(ctx context.Context, past past) error {
	outsiders, err := s.outside(past)
	if err != nil {
		return err
	}
	outsiders = outsiders.Filter(func(info *resource.Info) bool { return !manifest.IsCRD(info) })
	last, keep := past[0], len(outsiders) > 0
	if past.next(intent{verb: uninstall}) == remove {
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
	run := action.NewUninstall(s.Configuration)
	run.Timeout = min(hookPatience, remaining(ctx)/3)
	run.KeepHistory = keepRecords
	_, err := run.Run(name)
	return err
}
