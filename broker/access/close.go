package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// grant opens policies, where any are: a binding may have been recorded before
// policies were turned off. It ends with the first network that refuses: none after it
// has been told anything.
func (a *Access) grant(ctx context.Context, all []onNetwork) error {
	if !a.Enforced() {
		return nil
	}
	for _, o := range all {
		enforcer, found := a.networks.Enforcers[o.network]
		if !found || len(o.policies) == 0 {
			continue
		}
		if err := fair.Aside(ctx, func(ctx context.Context) error { return enforcer.Create(ctx, o.policies) }); err != nil {
			return err
		}
	}
	return nil
}

// undo is what a change closes: policies, and what is kept in CredHub. Neither of them
// being in the way keeps the other.
func (a *Access) undo(ctx context.Context, c change, first reading) error {
	err := a.close(ctx, c.intent, c.close, first)
	if !c.forget {
		return err
	}
	return errors.Join(err, a.forget(ctx, c.intent))
}

// close deletes those of the binding's policies that no other binding needs, and
// returns an error unless they are seen to be gone. Networks count no references: two
// bindings of one app share their policies. A network that fails keeps none from being
// closed on the others. first is how the others are read at first.
func (a *Access) close(ctx context.Context, b record.Binding, all []onNetwork, first reading) error {
	var failed []error
	for _, over := range all {
		failed = append(failed, a.closeOn(ctx, b, over, first))
	}
	return errors.Join(failed...)
}

// closeOn is close on one network.
func (a *Access) closeOn(ctx context.Context, b record.Binding, over onNetwork, first reading) error {
	enforcer, found := a.networks.Enforcers[over.network]
	if !found {
		a.log.Error("policies-left-open", fmt.Errorf("the binding's policies can't be revoked on the network %s, since the broker has no access to it any more; delete them by hand", over.network), bindingData(b))
		return nil
	}
	needed, err := a.needed(ctx, b, over.network, first)
	if err != nil {
		return err
	}
	closing := policy.Without(over.policies, needed)
	if len(closing) == 0 {
		return nil
	}
	if err := enforcer.Delete(ctx, closing); err != nil {
		return err
	}
	if err := a.confirm(ctx, b, enforcer, onNetwork{over.network, closing}); err != nil {
		return err
	}
	a.metrics.Revoked.Add(float64(len(closing)))
	return nil
}

// confirm opens again what a binding that was recorded meanwhile needs of the
// closed policies, and looks whether the others are gone. It reads live: another replica
// may have recorded one after the first look, and posted its policies before these were
// closed.
func (a *Access) confirm(ctx context.Context, b record.Binding, enforcer policy.Enforcer, closed onNetwork) error {
	needed, err := a.needed(ctx, b, closed.network, a.live)
	if err != nil {
		return err
	}
	gone := policy.Without(closed.policies, needed)
	if err := a.grant(ctx, []onNetwork{{closed.network, policy.Without(closed.policies, gone)}}); err != nil {
		return err
	}
	if len(gone) == 0 {
		return nil
	}
	left, err := enforcer.Left(ctx, gone)
	if err == nil && len(left) > 0 {
		return fmt.Errorf("%d of its policies are still there, or there again", len(left))
	}
	return err
}

// reading is a way to read the bindings of a binding's instance.
type reading func(ctx context.Context, b record.Binding) ([]record.Binding, error)

// live reads them from the API server.
func (a *Access) live(ctx context.Context, b record.Binding) ([]record.Binding, error) {
	return a.records.LiveBindings(ctx, b.InstanceID)
}

// since is how the others are read by whoever has just recorded what he closes: as they
// were then, or later. Of two that are revoked at once, by whichever replicas, the one
// that is marked last sees that the other is too, and closes what they share.
func (a *Access) since(c change) reading {
	if c.noted {
		return a.live
	}
	return a.records.BindingsAsOf
}

// needed is what other live bindings than this one open on the network. Policies name the
// instance's own groups, so that only its own bindings can need them; except
// for shared services, which bindings of any instance may need.
func (a *Access) needed(ctx context.Context, b record.Binding, network string, read reading) ([]policy.Policy, error) {
	var bindings []record.Binding
	var err error
	if len(b.SharedGroups) > 0 || slices.ContainsFunc(policy.Groups(b.Policies), a.shares) {
		bindings, err = a.records.AllLiveBindings(ctx)
	} else {
		bindings, err = read(ctx, b)
	}
	var policies []policy.Policy
	for _, other := range bindings {
		same := other.ID == b.ID && other.InstanceID == b.InstanceID
		if !same && other.State != record.Revoking && other.State != record.Unmade {
			policies = append(policies, other.PoliciesOn(network)...)
		}
	}
	return policies, err
}

func bindingData(b record.Binding) lager.Data {
	return lager.Data{"instance-id": b.InstanceID, "binding-id": b.ID, "app-guid": b.AppGUID, "policies": b.Policies}
}
