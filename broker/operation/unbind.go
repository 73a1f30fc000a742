package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// requestLife is longer than any request lives: what a replica that may have
// died was posting has been posted by then, or never will be.
func (e *Engine) requestLife() time.Duration { return e.settings.RequestLimit + 5*time.Second }

// errUnsettled says that the policies of a revoked binding are closed, and
// that another replica may still be opening them.
var errUnsettled = errors.New("another replica may still be making the binding")

// PendingError says that a binding is revoked, but its policies couldn't be
// closed yet. The leading replica goes on trying.
type PendingError struct{ Cause error }

func (e *PendingError) Error() string { return e.Cause.Error() }
func (e *PendingError) Unwrap() error { return e.Cause }

// Unbind closes what the binding opened and forgets it. If there is no such
// binding it returns record.ErrNotFound. If the policies can't be closed now,
// the binding stays as a tombstone and the error is a PendingError.
func (e *Engine) Unbind(ctx context.Context, instanceID, id string) (err error) {
	started := time.Now()
	defer func() { e.metrics.observeCall("unbind", err, started) }()
	b, err := e.records.LiveBinding(ctx, instanceID, id)
	if err != nil {
		return err
	}
	if err := e.revoke(ctx, b, unwanted); !errors.Is(err, errUnsettled) {
		return err
	}
	return nil
}

// revoke turns the binding into a tombstone, closes its policies and, when they
// are seen to be gone, deletes it.
func (e *Engine) revoke(ctx context.Context, b record.Binding, why event) error {
	unlock, err := e.access.Acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	// Whoever held the lock before may have done it.
	if b, err = e.records.LiveBinding(ctx, b.InstanceID, b.ID); err != nil {
		return err
	}
	return e.revokeLocked(ctx, b, why)
}

// revokeLocked wants the instance's access lock held: within this process
// nobody is then opening the binding. Other replicas take no such lock; so what
// they have recorded is read again after each write, and put right.
func (e *Engine) revokeLocked(ctx context.Context, b record.Binding, why event) error {
	b, err := e.bury(ctx, b, why)
	if err != nil {
		return err
	}
	if err := e.close(ctx, b); err != nil {
		return &PendingError{Cause: fmt.Errorf("revoking access for app %s: %w", b.AppGUID, err)}
	}
	if !settled(b, time.Now()) {
		return errUnsettled
	}
	if err := e.dismiss(ctx, b); err != nil {
		return &PendingError{Cause: err}
	}
	return e.records.DeleteBinding(ctx, b)
}

// bury notes an event after which the binding isn't live any more, before
// anything is undone.
func (e *Engine) bury(ctx context.Context, b record.Binding, why event) (record.Binding, error) {
	for {
		buried, err := next(b, why, time.Now(), e.requestLife())
		if err != nil || buried.State == b.State {
			return buried, err
		}
		buried, err = e.records.UpdateBinding(ctx, buried)
		if !errors.Is(err, record.ErrConflict) {
			return buried, err
		}
		if b, err = e.records.LiveBinding(ctx, b.InstanceID, b.ID); err != nil {
			return b, err
		}
	}
}

// close deletes the policies that no other binding needs, and returns an error
// unless they are seen to be gone. The policy server counts no references: two
// bindings of one app share their policies.
func (e *Engine) close(ctx context.Context, b record.Binding) error {
	if len(b.Policies) == 0 {
		return nil
	}
	if e.policies == nil {
		e.log.Error("policies-left-open", errors.New("the binding's policies can't be revoked, since no CF API is configured any more; delete them by hand"), bindingData(b))
		return nil
	}
	needed, err := e.needed(ctx, b)
	if err != nil {
		return err
	}
	closing := policy.Without(b.Policies, needed)
	if len(closing) == 0 {
		return nil
	}
	if err := e.policies.Delete(ctx, closing); err != nil {
		return err
	}
	if err := e.confirm(ctx, b, closing); err != nil {
		return err
	}
	e.metrics.revoked.Add(float64(len(closing)))
	return nil
}

// confirm opens again what a binding that was recorded meanwhile needs of the
// closed policies, and looks whether the others are gone.
func (e *Engine) confirm(ctx context.Context, b record.Binding, closed []policy.Policy) error {
	needed, err := e.needed(ctx, b)
	if err != nil {
		return err
	}
	gone := policy.Without(closed, needed)
	if err := e.grant(ctx, policy.Without(closed, gone)); err != nil {
		return err
	}
	actual, err := e.policies.ListTo(ctx, policy.Groups(closed)...)
	if err != nil {
		return err
	}
	if left := len(gone) - len(policy.Without(gone, actual)); left > 0 {
		return fmt.Errorf("%d of its policies are still there, or there again", left)
	}
	return nil
}

// needed is what other live bindings than this one open. Policies name the
// instance's own groups, so that only its own bindings can need them; except
// for shared services, which bindings of any instance may need.
func (e *Engine) needed(ctx context.Context, b record.Binding) ([]policy.Policy, error) {
	var bindings []record.Binding
	var err error
	if len(b.SharedGroups) > 0 || slices.ContainsFunc(policy.Groups(b.Policies), e.shares) {
		bindings, err = e.records.AllLiveBindings(ctx)
	} else {
		bindings, err = e.records.LiveBindings(ctx, b.InstanceID)
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
