package operation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// align changes what a live binding opens. What is new is recorded, then
// posted; what is over is closed, then struck off the record: at no time is
// anything open that isn't recorded. If the policy server is in the way the
// error is a PendingError, and the record says what there has to be. It wants
// the instance's access lock held.
func (e *Engine) align(ctx context.Context, b record.Binding, wanted need) error {
	if wanted.metBy(b) {
		return nil
	}
	// A round that has read the record would post again what is closed here.
	e.posting.RLock()
	defer e.posting.RUnlock()
	added := policy.Without(wanted.policies, b.Policies)
	surplus := policy.Without(b.Policies, wanted.policies)
	b.Policies = policy.Unique(slices.Concat(b.Policies, added))
	// Whoever closes any of them has to look for others that need it.
	b.SharedGroups = distinct(slices.Concat(b.SharedGroups, wanted.shared))
	// A replica that revokes it meanwhile has to know that somebody is posting.
	b.UnsettledUntil = time.Now().Add(e.requestLife()).UTC()
	b, err := e.records.UpdateBinding(ctx, b)
	if err != nil {
		return fmt.Errorf("recording the policies of binding %s: %w", b.ID, err)
	}
	if err := e.grant(ctx, added); err != nil {
		return &PendingError{Cause: fmt.Errorf("opening access for binding %s: %w", b.ID, err)}
	}
	if err := e.closeSurplus(ctx, b, surplus); err != nil {
		return &PendingError{Cause: fmt.Errorf("closing access of binding %s: %w", b.ID, err)}
	}
	b.Policies, b.SharedGroups, b.UnsettledUntil = policy.Unique(wanted.policies), distinct(wanted.shared), time.Time{}
	_, err = e.records.UpdateBinding(ctx, b)
	return err
}

// closeSurplus closes what a live binding doesn't need any more.
func (e *Engine) closeSurplus(ctx context.Context, b record.Binding, surplus []policy.Policy) error {
	if len(surplus) == 0 {
		return nil
	}
	over := b
	over.Policies = surplus
	if err := e.close(ctx, over); err != nil {
		return err
	}
	e.log.Info("surplus-closed", bindingData(over))
	return nil
}
