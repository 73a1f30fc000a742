package operation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

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
			e.metrics.observeCall("bind", err, started)
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
	offered, err := at.cluster.ViewReady(ctx, targetBy(at.instance, at.plan), e.clusters.revision(at.instance), patience)
	if async && errors.Is(err, view.ErrNoReadyPod) {
		return e.bindLater(ctx, wanted, err)
	}
	if err != nil {
		return record.Binding{}, err
	}
	if wanted, err = e.drawUp(ctx, at, wanted, offered); err != nil {
		return record.Binding{}, err
	}
	return e.record(ctx, wanted)
}

// placeOf finds where a binding of the instance leads, if it can be bound to.
func (e *Engine) placeOf(ctx context.Context, instanceID string) (at place, err error) {
	if at.instance, err = e.bindable(ctx, instanceID); err != nil {
		return at, err
	}
	if at.service, at.plan, err = e.charts.of(ctx, at.instance.Chart, at.instance.PlanID); err != nil {
		return at, err
	}
	at.cluster, err = e.clusters.of(ctx, at.instance)
	return at, err
}

// drawUp fills in what the binding hands out and what it opens.
func (e *Engine) drawUp(ctx context.Context, at place, b record.Binding, offered view.View) (_ record.Binding, err error) {
	if e.policies != nil {
		if offered, err = offered.Reachable(); err != nil {
			return b, err
		}
	}
	offered = offered.Narrow(at.plan.Opens)
	// Before the credentials, which too many ports make too long.
	if e.opens(b) {
		all, _ := e.destinations(at.instance, at.plan)
		wanted := bindingNeed(b, pods{group: at.instance.PolicyGroup, former: at.instance.FormerGroups, endpoints: offered.Endpoints, all: true}, policy.Merged(sharedPolicies(b.AppGUID, all)))
		b.Policies, b.SharedGroups = policy.Unique(wanted.policies), wanted.shared
		if err := e.policyLimit(b, at.plan, b.Policies); err != nil {
			return b, err
		}
	}
	if offered.Destinations, b.Destinations, err = e.shared(ctx, at); err != nil {
		return b, err
	}
	if b.Credentials, err = e.credentials(ctx, at, b, offered); err != nil {
		return b, err
	}
	b.Hosts = offered.Hosts()
	b.State = record.Opening
	return b, nil
}

// record writes the binding down and opens it.
func (e *Engine) record(ctx context.Context, wanted record.Binding) (record.Binding, error) {
	unlock, err := e.access.acquire(ctx, wanted.InstanceID)
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
	if b.State == record.Bound || b.Operation != nil && b.State != record.Revoking {
		return b, record.ErrExists
	}
	unlock, err := e.access.acquire(ctx, b.InstanceID)
	if err != nil {
		return record.Binding{}, err
	}
	defer unlock()
	return e.existingLocked(ctx, wanted)
}

// existingLocked reads the binding again, now that nobody is working on it,
// and makes it whole if that was left half-done.
func (e *Engine) existingLocked(ctx context.Context, wanted record.Binding) (record.Binding, error) {
	b, err := e.records.LiveBinding(ctx, wanted.InstanceID, wanted.ID)
	if err == nil && b.State == record.Revoking && revivable(b, wanted) {
		return e.revive(ctx, b, wanted)
	}
	if errors.Is(err, record.ErrNotFound) || err == nil && b.State == record.Revoking {
		return record.Binding{}, ErrBusy
	}
	if err == nil && b.State == record.Opening && b.Operation == nil {
		// From now on it isn't cut short any more.
		b.Started = wanted.Started
		if b, err = e.records.UpdateBinding(ctx, b); errors.Is(err, record.ErrConflict) {
			return record.Binding{}, ErrBusy
		}
		if err == nil {
			b, err = e.open(ctx, b)
		}
	}
	return b, errors.Join(err, record.ErrExists)
}

// revive makes a tombstone the binding that is asked for again.
func (e *Engine) revive(ctx context.Context, b, wanted record.Binding) (record.Binding, error) {
	b.State, b.Started = record.Opening, wanted.Started
	b, err := e.records.UpdateBinding(ctx, b)
	if errors.Is(err, record.ErrConflict) {
		return record.Binding{}, ErrBusy
	}
	if err != nil {
		return record.Binding{}, err
	}
	if _, err := e.bindable(ctx, b.InstanceID); err != nil {
		e.undo(ctx, b, err)
		return record.Binding{}, err
	}
	return e.open(ctx, b)
}

// revivable tells whether a tombstone is that of the very same request, which
// only waits for what may still be posted for it.
func revivable(b, wanted record.Binding) bool {
	return !b.UnsettledUntil.IsZero() && b.Operation == nil && b.ServiceID == wanted.ServiceID && b.PlanID == wanted.PlanID &&
		b.AppGUID == wanted.AppGUID && string(b.Parameters) == string(wanted.Parameters)
}

// bindable returns the instance if it is there to be bound to.
func (e *Engine) bindable(ctx context.Context, id string) (record.Instance, error) {
	instance, err := e.records.LiveInstance(ctx, id)
	switch {
	case err != nil:
		return record.Instance{}, err
	case instance.Operation.Running():
		return record.Instance{}, ErrBusy
	case !instance.Usable():
		return record.Instance{}, &FailedError{Operation: instance.Operation}
	}
	return instance, nil
}

// opens tells whether the binding opens anything: a service key has no app.
func (e *Engine) opens(b record.Binding) bool { return b.AppGUID != "" && e.policies != nil }

// policiesTo returns what an app needs to reach the endpoints. group is that of
// the instance, which pods without one of their own belong to.
func policiesTo(app, group string, endpoints []view.Endpoint) []policy.Policy {
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
	if err := e.grant(ctx, b.Policies); err != nil {
		e.undo(ctx, b, err)
		return record.Binding{}, fmt.Errorf("opening access for app %s: %w", b.AppGUID, err)
	}
	b.State = record.Bound
	bound, err := e.records.UpdateBinding(ctx, b)
	if errors.Is(err, record.ErrConflict) {
		// The same request on another replica may have been faster, or be about to finish it.
		made, readErr := e.records.LiveBinding(ctx, b.InstanceID, b.ID)
		if readErr == nil && made.State == record.Bound {
			return made, nil
		}
		if readErr == nil && made.State == record.Opening && !made.Started.Equal(b.Started) {
			return record.Binding{}, ErrBusy
		}
	}
	if err != nil {
		e.undo(ctx, b, err)
		return record.Binding{}, fmt.Errorf("recording the binding: %w", err)
	}
	return bound, nil
}

// undo takes back a binding that couldn't be made because of cause. What it
// can't take back stays as a tombstone. It wants the instance's access lock held.
func (e *Engine) undo(ctx context.Context, b record.Binding, cause error) {
	// A request that has been broken off must not leave a door open.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	why := undoing
	if ended(cause) {
		why = undone
	}
	err := e.revokeLocked(ctx, b, why)
	if errors.Is(err, record.ErrNotFound) {
		// Another replica has undone it, and not what was posted since.
		err = e.close(ctx, b)
	}
	if err != nil && !errors.Is(err, errUnsettled) && !errors.Is(err, errMade) {
		e.log.Error("undoing-bind", err, bindingData(b))
	}
}

// ended tells whether a request that failed so is certain not to be carried out
// by its server any more: the policy server has refused it, or it was never
// sent. A connection that breaks off and a router's 502 tell nothing.
func ended(err error) bool {
	var refused *policy.Error
	if errors.As(err, &refused) {
		return refused.Status < http.StatusInternalServerError
	}
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial" || errors.Is(err, ErrBusy) || errors.Is(err, record.ErrConflict)
}

func (e *Engine) grant(ctx context.Context, policies []policy.Policy) error {
	if len(policies) == 0 {
		return nil
	}
	return fair.Aside(ctx, func(ctx context.Context) error { return e.policies.Create(ctx, policies) })
}
