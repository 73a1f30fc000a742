package instance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Delete records that the instance has to go and returns its record. A create
// that is running is cancelled, and deleted with the rest; a delete that is
// running is returned as it is; one that failed begins anew. If there is no
// such instance it returns record.ErrNotFound. One that Kibosh has made, or
// whose record somebody has deleted, gets a record, and is deleted like others.
func (s *Instances) Delete(ctx context.Context, id, planID string, origin record.Origin) (record.Instance, error) {
	for {
		instance, err := s.records.LiveInstance(ctx, id)
		if errors.Is(err, record.ErrNotFound) {
			return s.deleteUnrecorded(ctx, id, planID, origin)
		}
		if err != nil {
			return record.Instance{}, err
		}
		if instance.Operation.Type == record.Delete && instance.Operation.Running() {
			return instance, nil
		}
		instance.Operation = record.NewOperation(record.Delete, origin)
		instance, err = s.records.UpdateInstance(ctx, instance)
		if errors.Is(err, record.ErrConflict) {
			continue // an operation has just noted its progress
		}
		if err != nil {
			return record.Instance{}, fmt.Errorf("recording that the service instance has to go: %w", err)
		}
		return instance, nil
	}
}

// deleteUnrecorded records that an instance has to go of which something is
// left, and no record.
func (s *Instances) deleteUnrecorded(ctx context.Context, id, planID string, origin record.Origin) (record.Instance, error) {
	left, found, err := s.findLeft(ctx, id, planID)
	if err != nil {
		return record.Instance{}, err
	}
	if !found {
		return record.Instance{}, record.ErrNotFound
	}
	left.Operation = record.NewOperation(record.Delete, origin)
	instance, err := s.claim(ctx, left)
	if errors.Is(err, record.ErrExists) && instance.ID != "" {
		return instance, nil // the same request, at the same time
	}
	return instance, err
}

// delete undoes everything that was made for the instance, from whatever
// state it is in. It needs neither the chart nor the plan, but for what delete hooks make outside
// the namespace.
func (w *work) delete(ctx context.Context) error {
	w.describe("revoking access")
	// Access is closed also where the cluster can't be reached.
	if err := w.buryAll(ctx); err != nil {
		return err
	}
	if err := w.reach(ctx); err != nil {
		return err
	}
	if err := w.keepData(ctx); err != nil {
		return err
	}
	target := locate.Target(w.instance)
	if _, plan, err := w.charts.Of(ctx, w.instance.Chart, w.instance.PlanID); err == nil {
		target = locate.TargetBy(w.instance, plan) // for delete hooks
		target.ClusterObjects = union(plan.ClusterObjects, w.instance.ClusterObjects)
	}
	w.nameDefinitions(ctx, target)
	w.describe("uninstalling the chart")
	return w.remove(ctx, target)
}

// remove takes away what was made for the instance on its cluster. Nothing in its
// namespace can keep it from doing so.
func (w *work) remove(ctx context.Context, target tenant.Target) error {
	if err := w.uninstall(ctx, target); err != nil {
		return err
	}
	// A webhook among it would hold the namespace, whose pods answer for it.
	outside := w.cluster.DeleteOutside(ctx, target)
	if err := w.deleteNamespace(ctx); err != nil {
		return err
	}
	return outside
}

// uninstallPatience is how long after the operation has begun an uninstall that
// failed is tried again, if that may pass.
const uninstallPatience = 30 * time.Second

// uninstall runs the chart's delete hooks, if it can be done. That it can't keeps
// nothing from being deleted. Where there are none, the namespace may go already.
func (w *work) uninstall(ctx context.Context, target tenant.Target) error {
	going := false
	err := w.cluster.Uninstall(ctx, target, func(ctx context.Context) {
		// If it can't be deleted, whoever waits for it to be gone is told.
		going, _ = w.cluster.BeginDelete(ctx, w.ownNamespace())
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err
	case going:
		// It takes everything along.
	case errors.Is(err, context.DeadlineExceeded):
		// It has had its time: the rest is for the namespace.
	case retryable.Is(err) && time.Since(w.instance.Operation.Begun) < uninstallPatience:
		return err
	}
	w.log.Error("uninstall-failed", err)
	return nil
}

// deleteNamespace says at once what is in the way.
func (w *work) deleteNamespace(ctx context.Context) error {
	const doing = "deleting the namespace"
	w.describe(doing)
	return w.cluster.DeleteNamespace(ctx, w.ownNamespace(), func(obstacle string) {
		if obstacle != "" {
			w.describe(doing + "; in the way: " + obstacle)
		}
	})
}

// ownNamespace is the instance's namespace by whose it is.
func (w *work) ownNamespace() tenant.Namespace {
	return locate.Namespace(w.instance, "", chart.Plan{})
}

// keepData has the instance's volumes outlive it, if its plan says so. It is
// done before anything is deleted, and says where they are.
func (w *work) keepData(ctx context.Context) error {
	if !w.instance.KeepData {
		return nil
	}
	own, err := w.cluster.Has(ctx, w.ownNamespace())
	if err != nil || !own {
		return err
	}
	kept, err := w.cluster.KeepVolumes(ctx, w.instance.Namespace, map[string]string{tenant.InstanceAnnotation: w.instance.ID})
	if err != nil {
		return err
	}
	if len(kept) > 0 {
		w.log.Info("volumes-kept", lager.Data{"volumes": kept})
		w.describe("keeping the data in the volumes " + strings.Join(kept, ", "))
	}
	return nil
}

// nameDefinitions says which CustomResourceDefinitions the instance leaves behind.
// That they can't be known keeps nothing from being deleted.
func (w *work) nameDefinitions(ctx context.Context, target tenant.Target) {
	kept, err := w.cluster.KeptDefinitions(ctx, target)
	if err != nil {
		w.log.Error("definitions-unknown", err)
	}
	if len(kept) > 0 {
		w.log.Info("definitions-kept", lager.Data{"definitions": kept})
		w.describe("keeping the CustomResourceDefinitions " + strings.Join(kept, ", "))
	}
}

// buryAll ends the bindings that the platform has left behind. It doesn't wait
// for the policy server: what can't be closed now stays as a tombstone, which
// outlives the instance until it is closed.
func (w *work) buryAll(ctx context.Context) error {
	bindings, err := w.records.LiveBindings(ctx, w.instance.ID)
	if errors.Is(err, record.ErrDamaged) {
		w.log.Error("policies-may-stay", err)
	} else if err != nil {
		return err
	}
	for _, b := range bindings {
		if b.Placeholder {
			b.PlaceholderGUID = w.instance.PolicyGroup // the record may outlive the instance's
		}
		err := w.access.Bury(ctx, b)
		if errors.Is(err, record.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("revoking binding %s: %w", b.ID, err)
		}
		if err := w.access.Revoke(ctx, b); err != nil && !errors.Is(err, record.ErrNotFound) {
			w.log.Error("tombstone-stays", err, lager.Data{"binding-id": b.ID})
		}
	}
	return nil
}
