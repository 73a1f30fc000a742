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

// errUnsettled says that the policies of a revoked binding are closed, and
// that another replica may still be opening them.
var errUnsettled = errors.New("another replica may still be making the binding")

// PendingError says that the record of a binding says what there has to be, and
// that its policies couldn't be made so yet. The leading replica goes on trying.
type PendingError struct{ Cause error }

func (e *PendingError) Error() string { return e.Cause.Error() }
func (e *PendingError) Unwrap() error { return e.Cause }

// requestLife is longer than any request lives: what a replica that may have
// died was posting has been posted by then, or never will be.
func (e *Engine) requestLife() time.Duration { return e.settings.RequestLimit + 5*time.Second }

// change is the way of a binding from what it opens to what it should open. At no
// time is anything open that isn't recorded.
type change struct {
	intent record.Binding // recorded before anything is opened or closed
	noted  bool           // it is recorded already
	open   []policy.Policy
	close  []policy.Policy
}

// plan is the change by an event: a binding that is being made opens what it
// records, one that follows opens what it needs and no more, and one that isn't
// live any more opens nothing.
func plan(b record.Binding, why event, wanted need, at time.Time, life time.Duration) (change, error) {
	intent, err := next(b, why, at, life)
	switch {
	case err != nil:
		return change{}, err
	case why == opened:
		return change{intent: b, noted: true, open: b.Policies}, nil
	case why == follows:
		added := policy.Without(wanted.policies, b.Policies)
		intent.Policies = policy.Unique(slices.Concat(b.Policies, added))
		// Whoever closes any of them has to look for others that need it.
		intent.SharedGroups = distinct(slices.Concat(b.SharedGroups, wanted.shared))
		// A replica that revokes it meanwhile has to know that somebody is posting.
		intent.UnsettledUntil = at.Add(life).UTC()
		return change{intent: intent, open: added, close: policy.Without(b.Policies, wanted.policies)}, nil
	}
	return change{intent: intent, noted: intent.State == b.State, close: b.Policies}, nil
}

// converge makes the policies of a binding what they should be after an event, and
// the record with them: a bind, an unbind, what undoes either, and what follows
// pods and settings are this one act. wanted is what a binding that follows needs.
// If the policy server is in the way the error is a PendingError; a tombstone whose
// policies somebody may still be opening stays, and the error is errUnsettled.
// Otherwise errors are those of next and of the records.
//
// It wants the instance's access lock held: within this process nobody else then
// changes what the binding opens. Other replicas take no such lock; so what they
// have recorded is read again after each write, and put right.
func (e *Engine) converge(ctx context.Context, b record.Binding, why event, wanted need) (record.Binding, error) {
	if why == follows {
		// A round that has read the record would post again what is closed here.
		e.posting.RLock()
		defer e.posting.RUnlock()
	}
	c, err := e.note(ctx, b, why, wanted)
	if err != nil {
		return b, err
	}
	if err := e.grant(ctx, c.open); err != nil {
		return c.intent, &PendingError{Cause: fmt.Errorf("opening access for app %s: %w", c.intent.AppGUID, err)}
	}
	if err := e.close(ctx, c.intent, c.close); err != nil {
		return c.intent, &PendingError{Cause: fmt.Errorf("revoking access for app %s: %w", c.intent.AppGUID, err)}
	}
	if why == follows && len(c.close) > 0 {
		e.log.Info("surplus-closed", bindingData(c.intent), lager.Data{"closed": c.close})
	}
	return e.conclude(ctx, c.intent, why, wanted)
}

// follows has a live binding open what it needs now.
func (e *Engine) follows(ctx context.Context, b record.Binding, wanted need) error {
	if wanted.metBy(b) {
		return nil
	}
	_, err := e.converge(ctx, b, follows, wanted)
	return err
}

// note records what is about to be done. A binding that isn't wanted any more is
// read and judged again if another replica has changed it meanwhile.
func (e *Engine) note(ctx context.Context, b record.Binding, why event, wanted need) (change, error) {
	for {
		c, err := plan(b, why, wanted, time.Now(), e.requestLife())
		if err != nil || c.noted {
			return c, err
		}
		c.intent, err = e.records.UpdateBinding(ctx, c.intent)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, record.ErrConflict) || why == follows {
			return c, fmt.Errorf("recording what is to become of binding %s: %w", b.ID, err)
		}
		live, err := e.records.LiveBinding(ctx, b.InstanceID, b.ID)
		if err != nil {
			return c, err
		}
		if b.Operation != nil && live.Operation != nil {
			live.Operation.Description = b.Operation.Description
		}
		b = live
	}
}

// conclude records what has been done.
func (e *Engine) conclude(ctx context.Context, b record.Binding, why event, wanted need) (record.Binding, error) {
	switch {
	case why == opened:
		made, err := next(b, opened, time.Now(), 0)
		if err != nil {
			return b, err
		}
		if made, err = e.records.UpdateBinding(ctx, made); err != nil {
			return b, fmt.Errorf("recording the binding: %w", err)
		}
		return made, nil
	case why == follows:
		b.Policies, b.SharedGroups, b.UnsettledUntil = policy.Unique(wanted.policies), distinct(wanted.shared), time.Time{}
		return e.records.UpdateBinding(ctx, b)
	case !settled(b, time.Now()):
		return b, errUnsettled
	case b.State == record.Unmade:
		if len(b.Policies) == 0 {
			return b, nil
		}
		b.Policies, b.UnsettledUntil = nil, time.Time{}
		return e.records.UpdateBinding(ctx, b)
	}
	if err := e.dismiss(ctx, b); err != nil {
		return b, &PendingError{Cause: err}
	}
	return b, e.records.DeleteBinding(ctx, b)
}
