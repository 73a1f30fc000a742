package operation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// ErrNotBindable says that the instance's plan makes no bindings.
var ErrNotBindable = errors.New("the plan of the service instance is not bindable")

// undoPatience bounds how long a failed bind is being taken back.
const undoPatience = 30 * time.Second

// place is where a binding leads: the instance, what it was made from, and
// its cluster.
type place struct {
	instance record.Instance
	service  chart.Service
	plan     chart.Plan
	cluster  *helmsvc.Cluster
}

// Bind makes the binding: it reads what the instance offers, records the
// credentials and the policies, then opens the policies. The caller fills in
// who asks. If no pod is ready it waits for one; with async, after SyncWait, the
// binding is returned in state Waiting, and made by itself. If the binding exists
// it is returned with record.ErrExists, for the caller to compare; one that a
// broken-off request left half-made is made whole first. Parameters that the
// plan refuses are an InvalidError. After any other error nothing stays open.
func (e *Engine) Bind(ctx context.Context, wanted record.Binding, async bool) (bound record.Binding, err error) {
	started := time.Now()
	defer func() {
		if !later(bound) { // that is counted when it has ended
			e.metrics.Call("bind", err, started)
		}
	}()
	wanted.Started = started.UTC()
	existing, err := e.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
	switch {
	case err == nil:
		return e.existing(ctx, existing, wanted)
	case !errors.Is(err, record.ErrNotFound):
		return record.Binding{}, err
	}
	at, err := e.placeOf(ctx, wanted.InstanceID)
	if err != nil {
		return record.Binding{}, err
	}
	if !at.plan.Bindable {
		return record.Binding{}, ErrNotBindable
	}
	if err := at.service.CheckBind(at.plan, wanted.Parameters); err != nil {
		return record.Binding{}, &InvalidError{Reason: "the plan refuses the binding's parameters: " + err.Error()}
	}
	patience := e.settings.BindPatience
	if async {
		patience = min(patience, e.settings.SyncWait)
	}
	view, err := at.cluster.ViewReady(ctx, locate.TargetBy(at.instance, at.plan), e.clusters.Revision(at.instance), patience)
	if async && errors.Is(err, helmsvc.ErrNoReadyPod) {
		return e.bindLater(ctx, wanted, err)
	}
	if err != nil {
		return record.Binding{}, err
	}
	if wanted, err = e.drawUp(ctx, at, wanted, view); err != nil {
		return record.Binding{}, err
	}
	return e.record(ctx, wanted)
}

// placeOf finds where a binding of the instance leads, if it can be bound to.
func (e *Engine) placeOf(ctx context.Context, instanceID string) (at place, err error) {
	if at.instance, err = e.bindable(ctx, instanceID); err != nil {
		return at, err
	}
	if at.service, at.plan, err = e.charts.Of(ctx, at.instance.Chart, at.instance.PlanID); err != nil {
		return at, err
	}
	at.cluster, err = e.clusters.Of(ctx, at.instance)
	return at, err
}

// drawUp fills in what the binding hands out and what it opens.
func (e *Engine) drawUp(ctx context.Context, at place, b record.Binding, view helmsvc.View) (_ record.Binding, err error) {
	if e.policies != nil {
		if view, err = view.Reachable(); err != nil {
			return b, err
		}
	}
	view = view.Narrow(at.plan.Opens)
	// Before the credentials, which too many ports make too long.
	if e.opens(b) {
		all, _ := e.destinations(at.instance, at.plan)
		wanted := bindingNeed(b, pods{group: at.instance.PolicyGroup, former: at.instance.FormerGroups, endpoints: view.Endpoints, all: true}, policy.Merged(sharedPolicies(b.AppGUID, all)))
		b.Policies, b.SharedGroups = policy.Unique(wanted.policies), wanted.shared
		if err := e.policyLimit(b, at.plan, b.Policies); err != nil {
			return b, err
		}
	}
	if view.Destinations, b.Destinations, err = e.shared(ctx, at); err != nil {
		return b, err
	}
	if b.Credentials, err = e.credentials(ctx, at, b, view); err != nil {
		return b, err
	}
	b.Hosts = view.Hosts()
	b.State = record.Opening
	return b, nil
}

// record writes the binding down and opens it.
func (e *Engine) record(ctx context.Context, wanted record.Binding) (record.Binding, error) {
	unlock, err := e.access.Acquire(ctx, wanted.InstanceID)
	if err != nil {
		return record.Binding{}, err
	}
	defer unlock()
	recorded, err := e.records.CreateBinding(ctx, wanted)
	if errors.Is(err, record.ErrExists) {
		return e.existingLocked(ctx, wanted) // the same request, at the same time
	}
	if err != nil {
		return record.Binding{}, fmt.Errorf("recording the binding: %w", err)
	}
	// A delete lists the bindings after it has been recorded: one of the two
	// sees the other.
	if _, err := e.bindable(ctx, wanted.InstanceID); err != nil {
		e.undo(ctx, recorded, err)
		return record.Binding{}, err
	}
	return e.open(ctx, recorded)
}

// existing answers for a binding whose id is taken.
func (e *Engine) existing(ctx context.Context, b, wanted record.Binding) (record.Binding, error) {
	if _, err := next(b, asking(wanted, b), wanted.Started, 0); errors.Is(err, record.ErrExists) {
		return b, err
	}
	unlock, err := e.access.Acquire(ctx, b.InstanceID)
	if err != nil {
		return record.Binding{}, err
	}
	defer unlock()
	return e.existingLocked(ctx, wanted)
}

// asking is the event that a request is for what there is of its binding.
func asking(wanted, b record.Binding) event {
	if repeats(wanted, b) {
		return askedAgain
	}
	return asked
}

// existingLocked reads the binding again, now that nobody is working on it, and
// makes it whole if that was left half-done.
func (e *Engine) existingLocked(ctx context.Context, wanted record.Binding) (record.Binding, error) {
	b, err := e.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
	if errors.Is(err, record.ErrNotFound) {
		return record.Binding{}, locate.ErrBusy
	}
	if err != nil {
		return record.Binding{}, err
	}
	revived := b.State == record.Revoking
	if b, err = next(b, asking(wanted, b), wanted.Started, 0); err != nil {
		return b, err
	}
	if b, err = e.records.UpdateBinding(ctx, b); errors.Is(err, record.ErrConflict) {
		return record.Binding{}, locate.ErrBusy
	}
	if err != nil {
		return record.Binding{}, err
	}
	if !revived {
		b, err = e.open(ctx, b)
		return b, errors.Join(err, record.ErrExists)
	}
	if _, err := e.bindable(ctx, b.InstanceID); err != nil {
		e.undo(ctx, b, err)
		return record.Binding{}, err
	}
	return e.open(ctx, b)
}

// bindable returns the instance if it is there to be bound to.
func (e *Engine) bindable(ctx context.Context, id string) (record.Instance, error) {
	instance, err := e.records.LiveInstance(ctx, id)
	if err != nil {
		return record.Instance{}, err
	}
	return instance, locate.Usable(instance)
}

// opens tells whether the binding opens anything: a service key has no app.
func (e *Engine) opens(b record.Binding) bool { return b.AppGUID != "" && e.policies != nil }

// policiesTo returns what an app needs to reach the endpoints. group is that of
// the instance, which pods without one of their own belong to.
func policiesTo(app, group string, endpoints []helmsvc.Endpoint) []policy.Policy {
	var policies []policy.Policy
	for _, endpoint := range endpoints {
		policies = append(policies, policy.To(app, cmp.Or(endpoint.PolicyGroup, group), endpoint.Protocol, int(endpoint.Port)))
	}
	return policy.Unique(policies)
}

// open posts the recorded policies and marks the binding as made. If they
// can't be posted, the binding is undone. It wants the instance's access lock
// held.
func (e *Engine) open(ctx context.Context, b record.Binding) (record.Binding, error) {
	bound, err := e.converge(ctx, b, opened, need{})
	if errors.Is(err, record.ErrConflict) {
		// The same request on another replica may have been faster, or be about to finish it.
		made, readErr := e.records.LiveBinding(ctx, b.InstanceID, b.ID)
		if readErr == nil && made.State == record.Bound {
			return made, nil
		}
		if readErr == nil && made.State == record.Opening && !made.Started.Equal(b.Started) {
			return record.Binding{}, locate.ErrBusy
		}
	}
	if err != nil {
		e.undo(ctx, b, err)
		return record.Binding{}, err
	}
	return bound, nil
}

// undo takes back a binding that couldn't be made because of cause. What it
// can't take back stays as a tombstone. It wants the instance's access lock held.
func (e *Engine) undo(ctx context.Context, b record.Binding, cause error) {
	// A request that has been broken off must not leave a door open.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	_, err := e.converge(ctx, b, couldNot(cause), need{})
	if errors.Is(err, record.ErrNotFound) {
		// Another replica has undone it, and not what was posted since.
		err = e.close(ctx, b, b.Policies)
	}
	if err != nil && !errors.Is(err, errUnsettled) && !errors.Is(err, errMade) {
		e.log.Error("undoing-bind", err, bindingData(b))
	}
}

// couldNot is the event of a binding that couldn't be made because of cause. It
// is certain not to be carried out by the policy server any more if that has
// refused it, or it was never sent. A connection that breaks off and a router's 502
// tell nothing.
func couldNot(cause error) event {
	var refused *policy.Error
	var network *net.OpError
	switch {
	case errors.As(cause, &refused) && refused.Status < http.StatusInternalServerError,
		!errors.As(cause, &refused) && errors.As(cause, &network) && network.Op == "dial",
		!errors.As(cause, &refused) && (errors.Is(cause, locate.ErrBusy) || errors.Is(cause, record.ErrConflict)):
		return undone
	}
	return unsure
}
