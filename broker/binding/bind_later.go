package binding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// bindLater records a binding that has to wait for a ready pod.
func (s *Bindings) bindLater(ctx context.Context, wanted record.Binding, drawnUpFor record.Instance, cause error) (record.Binding, error) {
	wanted.State = record.Waiting
	wanted.Operation = &record.BindOperation{ID: uuid.NewString(), Started: time.Now().UTC(), Description: record.ReasonOf(cause.Error())}
	recorded, err := s.records.CreateBinding(ctx, wanted)
	if errors.Is(err, record.ErrExists) {
		recorded, err = s.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
		if errors.Is(err, record.ErrNotFound) {
			return record.Binding{}, locate.ErrBusy
		}
		if err != nil {
			return record.Binding{}, err
		}
		return s.existing(ctx, recorded, wanted, drawnUpFor)
	}
	if err != nil {
		return record.Binding{}, fmt.Errorf("recording the binding: %w", err)
	}
	if _, err := s.stillUsable(ctx, recorded); err != nil {
		return record.Binding{}, errors.Join(err, s.records.DeleteBinding(ctx, recorded))
	}
	return recorded, nil
}

// Complete makes a binding that was put off, unless ctx ends: because the process
// does, or the binding isn't wanted any more.
func (s *Bindings) Complete(ctx context.Context, instanceID, id string) retryable.Again {
	b, err := s.records.LiveBinding(ctx, instanceID, id)
	if errors.Is(err, record.ErrNotFound) || err == nil && !access.Later(b) {
		return retryable.Again{}
	}
	log := s.log.Session("bind", lager.Data{"instance-id": instanceID, "binding-id": id, "correlation-id": b.CorrelationID})
	if err != nil {
		log.Error("reading-record", err)
		return retryable.Again{Wanted: ctx.Err() == nil}
	}
	// Every operation ends: what may pass is waited for until then.
	end := b.Operation.Started.Add(s.settings.TimeLimit)
	err = s.waitAndBind(ctx, b, end)
	switch {
	case err == nil, errors.Is(err, record.ErrNotFound), ctx.Err() != nil:
		return retryable.Again{}
	case time.Now().Before(end) && (errors.Is(err, locate.ErrBusy) || retryable.Is(err)):
		log.Error("will-retry", err)
		return retryable.By(end)
	}
	log.Error("failed", err)
	if err := s.fail(ctx, b, err); err != nil {
		log.Error("recording-outcome", err)
		return retryable.Again{Wanted: true}
	}
	return retryable.Again{}
}

// waitAndBind waits for a ready pod until end and makes the binding. It returns
// ErrBusy while an operation on the instance is running.
func (s *Bindings) waitAndBind(ctx context.Context, b record.Binding, end time.Time) error {
	at, err := s.placeNow(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	if b.State == record.Waiting {
		// One look in any case: nobody may have looked while no broker ran.
		offered, err := at.cluster.ViewReady(ctx, locate.TargetBy(at.instance, at.plan), "", max(time.Until(end), time.Millisecond))
		if err != nil {
			return err
		}
		// The instance may have been updated meanwhile.
		if at, err = s.placeNow(ctx, b.InstanceID); err != nil {
			return err
		}
		if b, err = s.drawUp(ctx, at, b, offered); err != nil {
			return err
		}
	}
	release, err := s.access.Hold(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer release()
	// From here on the record says what has to be undone.
	if b, err = s.records.UpdateBinding(ctx, b); err != nil {
		return err
	}
	_, _, err = s.open(ctx, b, at.instance)
	switch {
	case err == nil:
		s.metrics.Operation("bind", nil, b.Operation.Started)
	case errors.Is(err, record.ErrNotFound):
		return errGone // the instance, not the binding
	}
	return err
}

// fail notes why a binding couldn't be made, and closes what may have been
// opened.
func (s *Bindings) fail(ctx context.Context, b record.Binding, cause error) error {
	release, err := s.access.Hold(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer release()
	b, err = s.records.LiveBinding(ctx, b.InstanceID, b.ID)
	if errors.Is(err, record.ErrNotFound) || err == nil && !access.Later(b) {
		return nil
	}
	if err != nil {
		return err
	}
	reason := cause.Error()
	if errors.Is(cause, view.ErrNoReadyPod) {
		reason = fmt.Sprintf("%s; look at the service instance, unbind and bind again", reason)
	}
	b.Operation.Description = record.ReasonOf(reason)
	if err := s.access.TakeBack(ctx, b, cause); err != nil {
		return err
	}
	s.metrics.Operation("bind", cause, b.Operation.Started)
	return nil
}
