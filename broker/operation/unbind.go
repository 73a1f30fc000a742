package operation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Unbind closes what the binding opened and forgets it. If there is no such
// binding it returns record.ErrNotFound. If the policies can't be closed now,
// the binding stays as a tombstone and the same request tries again.
func (e *Engine) Unbind(ctx context.Context, instanceID, id string) (err error) {
	started := time.Now()
	defer func() { e.metrics.observeCall("unbind", err, started) }()
	b, err := e.records.LiveBinding(ctx, instanceID, id)
	if err != nil {
		return err
	}
	return e.revoke(ctx, b)
}

// revoke turns the binding into a tombstone, closes its policies and deletes
// it.
func (e *Engine) revoke(ctx context.Context, b record.Binding) error {
	unlock, err := e.access.acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	return e.revokeLocked(ctx, b)
}

// revokeLocked wants the instance's access lock held: a policy that is being
// posted for a binding can't be told from one that isn't there.
func (e *Engine) revokeLocked(ctx context.Context, b record.Binding) error {
	b, err := e.bury(ctx, b)
	if err != nil {
		return err
	}
	if err := e.close(ctx, b); err != nil {
		return fmt.Errorf("revoking access for app %s: %w", b.AppGUID, err)
	}
	return e.records.DeleteBinding(ctx, b)
}

// bury marks the binding as revoked before anything is undone.
func (e *Engine) bury(ctx context.Context, b record.Binding) (record.Binding, error) {
	for b.State != record.Revoking {
		buried := b
		buried.State = record.Revoking
		buried, err := e.records.UpdateBinding(ctx, buried)
		if err == nil {
			return buried, nil
		}
		if !errors.Is(err, record.ErrConflict) {
			return b, err
		}
		if b, err = e.records.LiveBinding(ctx, b.InstanceID, b.ID); err != nil {
			return b, err
		}
	}
	return b, nil
}

// close deletes the policies that no other binding needs. The policy server
// counts no references: two bindings of one app share their policies.
func (e *Engine) close(ctx context.Context, b record.Binding) error {
	if len(b.Policies) == 0 {
		return nil
	}
	if e.policies == nil {
		e.log.Error("policies-left-open", errors.New("the binding's policies can't be revoked, since no CF API is configured any more; delete them by hand"), bindingData(b))
		return nil
	}
	needed, err := e.needed(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	closing := policy.Without(b.Policies, needed)
	if len(closing) == 0 {
		return nil
	}
	return e.policies.Delete(ctx, closing)
}

// needed is what the instance's live bindings open. Policies name the
// instance's own group, so no other instance's bindings can need them.
func (e *Engine) needed(ctx context.Context, instanceID string) ([]policy.Policy, error) {
	bindings, err := e.records.LiveBindings(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	var policies []policy.Policy
	for _, b := range bindings {
		if b.State != record.Revoking {
			policies = append(policies, b.Policies...)
		}
	}
	return policies, nil
}

func bindingData(b record.Binding) lager.Data {
	return lager.Data{"instance-id": b.InstanceID, "binding-id": b.ID, "app-guid": b.AppGUID, "policies": b.Policies}
}
