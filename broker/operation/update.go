package operation

import (
	"context"
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// Update records what the instance is to become and returns its record, whose
// operation then runs by itself. change is asked for it with the instance as
// it is now; what it returns is whole. A nil Update means that nothing has to
// be done, and the instance is returned as it is, with its context written
// back if change has altered that. Errors of change are returned as they are;
// ErrBusy if another operation is running, record.ErrNotFound if there is no
// such instance.
func (e *Engine) Update(ctx context.Context, id string, change func(*record.Instance) (*record.Update, error), correlationID string) (record.Instance, error) {
	for {
		instance, err := e.records.LiveInstance(ctx, id)
		if err != nil {
			return record.Instance{}, err
		}
		wanted, err := change(&instance)
		if err != nil {
			return instance, err
		}
		if wanted != nil {
			if err := e.validateUpdate(instance, *wanted); err != nil {
				return instance, err
			}
			instance.Update = wanted
			instance.Operation = newOperation(record.Modify, correlationID)
		}
		instance, err = e.records.UpdateInstance(ctx, instance)
		if errors.Is(err, record.ErrConflict) {
			continue
		}
		if err != nil {
			return record.Instance{}, fmt.Errorf("recording the update of the service instance: %w", err)
		}
		return instance, nil
	}
}

// validateUpdate checks the values against the chart that is in the catalog;
// one that only the release still has is left to Helm.
func (e *Engine) validateUpdate(i record.Instance, wanted record.Update) error {
	service, plan, found := e.catalog.Find(i.ServiceID, wanted.PlanID)
	if !found || wanted.Chart.Digest != service.Digest {
		return nil
	}
	return validate(service, plan, targetOf(i), wanted.Parameters)
}

// update upgrades the release, and brings it back if that fails: the instance
// stays usable as it was. undoing has time of its own.
func (w *work) update(ctx, undoing context.Context) error {
	wanted := w.instance.Update
	if wanted == nil {
		return errors.New("the record doesn't say what the update leads to")
	}
	service, plan, found := w.catalog.Find(w.instance.ServiceID, wanted.PlanID)
	if !found {
		return errors.New("the chart or plan has left the catalog since the update was asked for")
	}
	what, err := service.Render(plan, w.instance.Release, w.instance.Namespace, wanted.Parameters)
	if err != nil {
		return err
	}
	if wanted.Chart.Digest != service.Digest {
		what.Chart = nil // stay on the chart that is installed
	}
	w.describe(ctx, "upgrading the release")
	err = w.cluster.Upgrade(ctx, targetOf(w.instance), what, func(p helmsvc.Progress) { w.describe(ctx, p.String()) })
	if err == nil {
		// The labels are for people: without them the update is no less done.
		if err := w.cluster.LabelNamespace(ctx, namespaceOf(w.instance, service.Metadata().Name, plan.Name)); err != nil {
			w.log.Error("labels-are-stale", err)
		}
		w.instance.PlanID, w.instance.Parameters = wanted.PlanID, wanted.Parameters
		w.instance.Context, w.instance.Chart = wanted.Context, wanted.Chart
		return nil
	}
	err = redact(err, what.Values)
	if undoing.Err() != nil || ctx.Err() == nil && MayPass(err) {
		return err
	}
	return w.rollBack(undoing, err)
}

func (w *work) rollBack(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, w.settings.TimeLimit)
	defer cancel()
	w.log.Error("rolling-back", cause)
	w.describe(ctx, "rolling back: "+cause.Error())
	if err := w.cluster.Rollback(ctx, targetOf(w.instance), nil); err != nil {
		return fmt.Errorf("%w; and going back to what was before failed as well: %s", cause, err.Error())
	}
	return fmt.Errorf("%w; the service instance is as it was before", cause)
}
