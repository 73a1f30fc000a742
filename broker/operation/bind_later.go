package operation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// bindLater records a binding that has to wait for a ready pod.
func (e *Engine) bindLater(ctx context.Context, wanted record.Binding, cause error) (record.Binding, error) {
	wanted.State = record.Waiting
	wanted.Operation = &record.BindOperation{ID: uuid.NewString(), Started: time.Now().UTC(), Description: record.ReasonOf(cause.Error())}
	recorded, err := e.records.CreateBinding(ctx, wanted)
	if errors.Is(err, record.ErrExists) {
		recorded, err = e.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
		return recorded, errors.Join(err, record.ErrExists)
	}
	if err != nil {
		return record.Binding{}, fmt.Errorf("recording the binding: %w", err)
	}
	// A delete lists the bindings after it has been recorded: one of the two
	// sees the other.
	if _, err := e.bindable(ctx, wanted.InstanceID); err != nil {
		return record.Binding{}, errors.Join(err, e.records.DeleteBinding(ctx, recorded))
	}
	return recorded, nil
}

// later tells whether the binding is still to be made by itself.
func later(b record.Binding) bool {
	return b.Operation != nil && (b.State == record.Waiting || b.State == record.Opening)
}

// bindingChanged is told of every change of a binding's record. One that is
// revoked meanwhile isn't waited for any longer.
func (e *Engine) bindingChanged(instanceID, id string) {
	t := task{instance: instanceID, binding: id}
	b, err := e.records.Binding(instanceID, id)
	if err == nil && b.State == record.Revoking {
		e.settle()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	cancel, waiting := e.binding[t]
	switch {
	case err == nil && later(b) && !waiting && e.queue != nil:
		e.queue.Add(t)
	case waiting && (err != nil || !later(b)):
		cancel()
	}
}

// completeBind makes a binding that was put off.
func (e *Engine) completeBind(ctx context.Context, t task) again {
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	e.mu.Lock()
	e.binding[t] = cancel
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.binding, t)
		e.mu.Unlock()
	}()
	b, err := e.records.LiveBinding(bounded, t.instance, t.binding)
	if errors.Is(err, record.ErrNotFound) || err == nil && !later(b) {
		return again{}
	}
	log := e.log.Session("bind", lager.Data{"instance-id": t.instance, "binding-id": t.binding, "correlation-id": b.CorrelationID})
	if err != nil {
		log.Error("reading-record", err)
		return again{wanted: ctx.Err() == nil}
	}
	// Every operation ends: what may pass is waited for until then.
	end := b.Operation.Started.Add(e.settings.TimeLimit)
	err = e.waitAndBind(bounded, b, end)
	switch {
	case err == nil, errors.Is(err, record.ErrNotFound):
		return again{}
	case ctx.Err() != nil || bounded.Err() != nil:
		return again{} // stopped, to be taken up by the next process; or revoked
	case time.Now().Before(end) && (errors.Is(err, ErrBusy) || MayPass(err)):
		log.Error("will-retry", err)
		return againBy(end)
	}
	log.Error("failed", err)
	if err := e.unmade(ctx, b, err); err != nil {
		log.Error("recording-outcome", err)
		return again{wanted: true}
	}
	return again{}
}

// errGone says that there is no instance to be bound to any more.
var errGone = errors.New("the service instance is gone")

// placeNow is placeOf for a binding that is there already.
func (e *Engine) placeNow(ctx context.Context, instanceID string) (place, error) {
	at, err := e.placeOf(ctx, instanceID)
	if errors.Is(err, record.ErrNotFound) {
		return at, errGone // the binding isn't
	}
	return at, err
}

// waitAndBind waits for a ready pod until end and makes the binding. It returns
// ErrBusy while an operation on the instance is running.
func (e *Engine) waitAndBind(ctx context.Context, b record.Binding, end time.Time) error {
	at, err := e.placeNow(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	if b.State == record.Waiting {
		// One look in any case: nobody may have looked while no broker ran.
		offered, err := at.cluster.ViewReady(ctx, targetBy(at.instance, at.plan), "", max(time.Until(end), time.Millisecond))
		if err != nil {
			return err
		}
		// The instance may have been updated meanwhile.
		if at, err = e.placeNow(ctx, b.InstanceID); err != nil {
			return err
		}
		if b, err = e.drawUp(ctx, at, b, offered); err != nil {
			return err
		}
	}
	unlock, err := e.access.acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	// From here on the record says what has to be undone.
	if b, err = e.records.UpdateBinding(ctx, b); err != nil {
		return err
	}
	if err := e.grant(ctx, b.Policies); err != nil {
		return fmt.Errorf("opening access for app %s: %w", b.AppGUID, err)
	}
	b.State = record.Bound
	_, err = e.records.UpdateBinding(ctx, b)
	e.metrics.observeCall("bind", err, b.Operation.Started)
	return err
}

// unmade notes why a binding couldn't be made, and closes what may have been
// opened. The record remembers that until it is certain to be closed.
func (e *Engine) unmade(ctx context.Context, b record.Binding, cause error) error {
	unlock, err := e.access.acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	b, err = e.records.LiveBinding(ctx, b.InstanceID, b.ID)
	if errors.Is(err, record.ErrNotFound) || err == nil && !later(b) {
		return nil
	}
	if err != nil {
		return err
	}
	reason := cause.Error()
	if errors.Is(cause, view.ErrNoReadyPod) {
		reason = fmt.Sprintf("%s; look at the service instance, unbind and bind again", reason)
	}
	b.State, b.Credentials = record.Unmade, nil
	b.Operation.Description = record.ReasonOf(reason)
	if len(b.Policies) > 0 && !ended(cause) {
		b.UnsettledUntil = time.Now().Add(e.requestLife()).UTC()
	}
	if b, err = e.records.UpdateBinding(ctx, b); err != nil {
		return err
	}
	e.metrics.observeCall("bind", cause, b.Operation.Started)
	if err := e.closeUnmade(ctx, b); err != nil && !errors.Is(err, errUnsettled) {
		e.log.Error("closing-unmade-binding", err, bindingData(b)) // a round tries again
	}
	return nil
}

// closeUnmade closes what a binding that couldn't be made may have opened, and
// forgets it when that is certain.
func (e *Engine) closeUnmade(ctx context.Context, b record.Binding) error {
	if len(b.Policies) == 0 {
		return nil
	}
	if err := e.close(ctx, b); err != nil {
		return err
	}
	if time.Now().Before(b.UnsettledUntil) {
		return errUnsettled
	}
	b.Policies, b.UnsettledUntil = nil, time.Time{}
	_, err := e.records.UpdateBinding(ctx, b)
	return err
}
