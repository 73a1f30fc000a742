package operation

import (
	"context"
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// openOwn sees to what the instance's pods need before they start: their policy
// group, and access to one another and to the cluster's DNS. It is recorded
// like a binding, before anything is made in Cloud Foundry, and so is kept
// true, closed by a delete, and found again after a crash.
//
// It doesn't wait for the policy server: what couldn't be opened now, rounds
// open.
func (w *work) openOwn(ctx context.Context) error {
	if w.policies == nil {
		return nil
	}
	if !w.wantsOwn(w.instance) {
		return nil
	}
	w.describe("opening access among the instance's pods")
	unlock, err := w.access.Acquire(ctx, w.instance.ID)
	if err != nil {
		return err
	}
	defer unlock()
	own, err := w.ownRecord(ctx, w.instance)
	if err != nil {
		return err
	}
	if err := w.ensureGroup(ctx); err != nil {
		return err
	}
	var pending *PendingError
	err = w.follows(ctx, own, w.ownNeed(own, []string{w.instance.PolicyGroup}))
	if errors.As(err, &pending) {
		w.log.Error("own-access-pending", err)
		w.settle()
		return nil
	}
	return err
}

// wantsOwn tells whether the instance has access of its own to be recorded.
func (e *Engine) wantsOwn(i record.Instance) bool {
	return locate.Destination(i.Destination) == locate.ToApp || e.settings.WithinInstance || e.settings.DNSGroup != ""
}

// ownRecord returns the record of the instance's own access, made now if there
// is none, or made live again if an earlier instance of the id has left it.
func (e *Engine) ownRecord(ctx context.Context, i record.Instance) (record.Binding, error) {
	wantsApp := locate.Destination(i.Destination) == locate.ToApp
	own, err := e.records.LiveBinding(ctx, i.ID, record.OwnAccess)
	if errors.Is(err, record.ErrNotFound) {
		own, err = e.records.CreateBinding(ctx, record.Binding{
			ID: record.OwnAccess, InstanceID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID,
			Origin: i.Operation.Origin, Started: i.Operation.Started, Placeholder: wantsApp, State: record.Bound,
		})
	}
	if errors.Is(err, record.ErrExists) { // the follower makes it as well
		own, err = e.records.LiveBinding(ctx, i.ID, record.OwnAccess)
	}
	if err == nil && own.State == record.Revoking {
		own.State, own.Placeholder = record.Bound, own.Placeholder || wantsApp
		return e.records.UpdateBinding(ctx, own)
	}
	return own, err
}

// ensureGroup makes the placeholder app, where the instance's destination is
// one, and records its GUID before a namespace or a policy names it.
func (w *work) ensureGroup(ctx context.Context) error {
	if w.instance.PolicyGroup != "" {
		return nil
	}
	if w.settings.Placeholders == nil {
		return errors.New("the service instance was to have a placeholder app, and no CF API is configured any more; delete it and create it again")
	}
	group, err := w.settings.Placeholders.EnsurePlaceholder(ctx, w.instance.ID)
	if err != nil {
		return fmt.Errorf("making the placeholder app that policies point to: %w", err)
	}
	w.instance.PolicyGroup = group
	return w.change(ctx, func(*record.Operation) {})
}

// ownPolicies are what pods of these policy groups need: every port of each
// other, and DNS.
func (e *Engine) ownPolicies(groups []string) []policy.Policy {
	var all []policy.Policy
	for _, from := range groups {
		for _, protocol := range []string{"tcp", "udp"} {
			if e.settings.DNSGroup != "" {
				all = append(all, policy.To(from, e.settings.DNSGroup, protocol, 53))
			}
			for _, to := range groups {
				if e.settings.WithinInstance {
					all = append(all, policy.Range(from, to, protocol, 1, 65535))
				}
			}
		}
	}
	return policy.Unique(all)
}

// dismiss removes what belongs to the record of an instance's own access, once
// its policies are closed.
func (e *Engine) dismiss(ctx context.Context, b record.Binding) error {
	if !b.Placeholder {
		return nil
	}
	if e.settings.Placeholders == nil {
		e.log.Error("placeholder-left", errors.New("the placeholder app can't be deleted, since no CF API is configured any more; delete the app cf-helm-broker-"+b.InstanceID+" by hand"), bindingData(b))
		return nil
	}
	return e.settings.Placeholders.DeletePlaceholder(ctx, b.InstanceID, b.PlaceholderGUID)
}
