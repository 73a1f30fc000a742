package binding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// ErrNotBindable says that the instance's plan makes no bindings.
var ErrNotBindable = errors.New("the plan of the service instance is not bindable")

// undoPatience bounds how long a failed bind is being taken back.
const undoPatience = 30 * time.Second

// Bind makes the binding, and returns it with the instance that it leads to: it
// reads what the instance offers, records the credentials and the policies, then
// opens the policies. The caller fills in who asks. If no pod is ready it waits for
// one; with async, after SyncWait, the binding is returned in state Waiting, and
// made by itself. If the binding exists it is returned with record.ErrExists, for
// the caller to compare; one that a broken-off request left half-made is made whole
// first. Parameters that the plan refuses, and a plan that isn't the instance's, are
// an InvalidError; without the instance the error is record.ErrNotFound. After any
// other error nothing stays open.
func (s *Bindings) Bind(ctx context.Context, wanted record.Binding, async bool) (bound record.Binding, i record.Instance, err error) {
	started := time.Now()
	defer func() {
		if !access.Later(bound) { // that is counted when it has ended
			s.metrics.Operation("bind", err, started)
		}
	}()
	wanted.Started = started.UTC()
	if i, err = s.instance(ctx, wanted.InstanceID); err != nil {
		return record.Binding{}, i, err
	}
	if i.Operation.Type == record.Delete {
		return record.Binding{}, i, locate.Unavailable(i.Operation)
	}
	bound, err = s.bindTo(ctx, i, wanted, async)
	if err == nil || retryable.Is(err) || errors.Is(err, view.ErrNoReadyPod) {
		return bound, i, err
	}
	// The cache may have been behind, by an update say: that refuses nothing.
	if live, readErr := s.records.LiveInstance(ctx, i.ID); readErr == nil && live.Operation.ID != i.Operation.ID {
		i = live
		bound, err = s.bindTo(ctx, i, wanted, async)
	}
	return bound, i, err
}

// bindTo makes a binding of the instance as it is given, or answers for the one that
// there is.
func (s *Bindings) bindTo(ctx context.Context, i record.Instance, wanted record.Binding, async bool) (record.Binding, error) {
	existing, err := s.known(ctx, wanted)
	switch {
	case err == nil:
		return s.existing(ctx, existing, wanted, i)
	case errors.Is(err, record.ErrNotFound):
		return s.bind(ctx, wanted, i, async)
	}
	return record.Binding{}, err
}

// instance is as the cache has it, if it can be used by that; it is read live when
// the binding has been recorded.
func (s *Bindings) instance(ctx context.Context, id string) (record.Instance, error) {
	i, err := s.records.Instance(id)
	if err == nil && locate.Usable(i) == nil {
		return i, nil
	}
	return s.records.LiveInstance(ctx, id)
}

// known is the binding if the cache has it, as it is now. One that the cache
// doesn't know yet is met when it is to be recorded.
func (s *Bindings) known(ctx context.Context, wanted record.Binding) (record.Binding, error) {
	if b, err := s.records.Binding(wanted.InstanceID, wanted.ID); err != nil {
		return b, err
	}
	return s.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
}

// bind makes a binding that there isn't yet.
func (s *Bindings) bind(ctx context.Context, wanted record.Binding, i record.Instance, async bool) (record.Binding, error) {
	if i.ServiceID != wanted.ServiceID || i.PlanID != wanted.PlanID {
		return record.Binding{}, &locate.InvalidError{Reason: fmt.Sprintf("the service instance is of service %q and plan %q, not of service %.100q and plan %.100q",
			i.ServiceID, i.PlanID, wanted.ServiceID, wanted.PlanID)}
	}
	at, err := s.placeOf(ctx, i)
	if err != nil {
		return record.Binding{}, err
	}
	if !at.plan.Bindable {
		return record.Binding{}, ErrNotBindable
	}
	if err := at.service.CheckBind(at.plan, wanted.Parameters); err != nil {
		return record.Binding{}, &locate.InvalidError{Reason: "the plan refuses the binding's parameters: " + err.Error()}
	}
	patience := s.settings.Patience
	if async {
		patience = min(patience, s.settings.SyncWait)
	}
	offered, err := at.cluster.ViewReady(ctx, locate.TargetBy(i, at.plan), s.clusters.Revision(i), patience)
	if async && errors.Is(err, view.ErrNoReadyPod) {
		return s.bindLater(ctx, wanted, i, err)
	}
	if err != nil {
		return record.Binding{}, err
	}
	if wanted, err = s.drawUp(ctx, at, wanted, offered); err != nil {
		return record.Binding{}, err
	}
	return s.record(ctx, wanted, i)
}

// record writes the binding down and opens it.
func (s *Bindings) record(ctx context.Context, wanted record.Binding, i record.Instance) (record.Binding, error) {
	return s.holding(ctx, wanted.InstanceID, func(told *access.Mark) (record.Binding, error) {
		recorded, err := s.records.CreateBinding(ctx, wanted)
		if errors.Is(err, record.ErrExists) {
			return s.existingHeld(ctx, wanted, i, told) // the same request, at the same time
		}
		if err != nil {
			return record.Binding{}, fmt.Errorf("recording the binding: %w", err)
		}
		return s.finish(ctx, recorded, i, told)
	})
}

// holding makes a binding with the instance held. It waits for the nodes that were told
// of it afterwards: other binds needn't wait for that as well.
func (s *Bindings) holding(ctx context.Context, instanceID string, bind func(told *access.Mark) (record.Binding, error)) (record.Binding, error) {
	release, err := s.access.Hold(ctx, instanceID)
	if err != nil {
		return record.Binding{}, err
	}
	var told access.Mark
	defer func() { s.access.AwaitNodes(ctx, told) }()
	defer release()
	return bind(&told)
}

// existing answers for a binding whose id is taken.
func (s *Bindings) existing(ctx context.Context, b, wanted record.Binding, i record.Instance) (record.Binding, error) {
	if _, err := s.access.Ask(b, wanted); errors.Is(err, record.ErrExists) {
		return b, err
	}
	return s.holding(ctx, b.InstanceID, func(told *access.Mark) (record.Binding, error) { return s.existingHeld(ctx, wanted, i, told) })
}

// existingHeld reads the binding again, now that nobody is working on it, and
// makes it whole if that was left half-done.
func (s *Bindings) existingHeld(ctx context.Context, wanted record.Binding, i record.Instance, told *access.Mark) (record.Binding, error) {
	b, err := s.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
	if errors.Is(err, record.ErrNotFound) {
		return record.Binding{}, locate.ErrBusy
	}
	if err != nil {
		return record.Binding{}, err
	}
	revived := b.State == record.Revoking
	if b, err = s.access.Ask(b, wanted); err != nil {
		return b, err
	}
	if b, err = s.records.UpdateBinding(ctx, b); errors.Is(err, record.ErrConflict) {
		return record.Binding{}, locate.ErrBusy
	}
	if err != nil {
		return record.Binding{}, err
	}
	if b, err = s.finish(ctx, b, i, told); err != nil || revived {
		return b, err
	}
	return b, record.ErrExists
}

// finish opens a binding that has been recorded, and takes it back if it can't be
// made. It wants the instance held. told is by what nodes were told of it.
func (s *Bindings) finish(ctx context.Context, b record.Binding, i record.Instance, told *access.Mark) (record.Binding, error) {
	bound, mark, err := s.open(ctx, b, i)
	if err == nil {
		*told = mark
		return bound, nil
	}
	if errors.Is(err, record.ErrConflict) {
		// The same request on another replica may have been faster, or be about to finish it.
		made, readErr := s.records.LiveBinding(ctx, b.InstanceID, b.ID)
		if readErr == nil && made.State == record.Bound {
			return made, nil
		}
		if readErr == nil && made.State == record.Opening && !made.Started.Equal(b.Started) {
			return record.Binding{}, locate.ErrBusy
		}
	}
	// A request that has been broken off must not leave a door open.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	if backErr := s.access.TakeBack(ctx, b, err); backErr != nil {
		s.log.Error("undoing-bind", backErr, lager.Data{"instance-id": b.InstanceID, "binding-id": b.ID})
	}
	return record.Binding{}, err
}
