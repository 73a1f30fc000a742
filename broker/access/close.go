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
// policies were turned off.
func (a *Access) grant(ctx context.Context, policies []policy.Policy) error {
	if len(policies) == 0 || !a.Enforced() {
		return nil
	}
	return fair.Aside(ctx, func(ctx context.Context) error { return a.policies.Create(ctx, policies) })
}

// close deletes those of the binding's policies that no other binding needs, and
// returns an error unless they are seen to be gone. The policy server counts no
// references: two bindings of one app share their policies.
func (a *Access) close(ctx context.Context, b record.Binding, over []policy.Policy) error {
	if len(over) == 0 {
		return nil
	}
	if a.policies == nil {
		a.log.Error("policies-left-open", errors.New("the binding's policies can't be revoked, since no CF API is configured any more; delete them by hand"), bindingData(b))
		return nil
	}
	needed, err := a.needed(ctx, b)
	if err != nil {
		return err
	}
	closing := policy.Without(over, needed)
	if len(closing) == 0 {
		return nil
	}
	if err := a.policies.Delete(ctx, closing); err != nil {
		return err
	}
	if err := a.confirm(ctx, b, closing); err != nil {
		return err
	}
	a.metrics.Revoked.Add(float64(len(closing)))
	return nil
}

// confirm opens again what a binding that was recorded meanwhile needs of the
// closed policies, and looks whether the others are gone.
func (a *Access) confirm(ctx context.Context, b record.Binding, closed []policy.Policy) error {
	needed, err := a.needed(ctx, b)
	if err != nil {
		return err
	}
	gone := policy.Without(closed, needed)
	if err := a.grant(ctx, policy.Without(closed, gone)); err != nil {
		return err
	}
	if len(gone) == 0 {
		return nil
	}
	left, err := a.policies.Left(ctx, gone)
	if err == nil && len(left) > 0 {
		return fmt.Errorf("%d of its policies are still there, or there again", len(left))
	}
	return err
}

// needed is what other live bindings than this one open. Policies name the
// instance's own groups, so that only its own bindings can need them; except
// for shared services, which bindings of any instance may need.
func (a *Access) needed(ctx context.Context, b record.Binding) ([]policy.Policy, error) {
	var bindings []record.Binding
	var err error
	if len(b.SharedGroups) > 0 || slices.ContainsFunc(policy.Groups(b.Policies), a.shares) {
		bindings, err = a.records.AllLiveBindings(ctx)
	} else {
		bindings, err = a.records.LiveBindings(ctx, b.InstanceID)
	}
	var policies []policy.Policy
	for _, other := range bindings {
		same := other.ID == b.ID && other.InstanceID == b.InstanceID
		if !same && other.State != record.Revoking && other.State != record.Unmade {
			policies = append(policies, other.Policies...)
		}
	}
	return policies, err
}

func bindingData(b record.Binding) lager.Data {
	return lager.Data{"instance-id": b.InstanceID, "binding-id": b.ID, "app-guid": b.AppGUID, "policies": b.Policies}
}
