package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
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
func (a *Access) requestLife() time.Duration { return a.settings.RequestLimit + 5*time.Second }

// change is the way of a binding from what it opens to what it should open. At no
// time is anything open that isn't recorded.
type change struct {
	intent record.Binding // recorded before anything is opened or closed
	noted  bool           // it is recorded already
	open   []onNetwork
	close  []onNetwork
	// keep, forget: its credentials have to be in CredHub, or not to be there, if the
	// record names a place.
	keep, forget bool
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
		return change{intent: b, noted: true, open: closing(b, need{}), keep: true}, nil
	case why == follows:
		intent.Policies, intent.Networks = policy.Unique(slices.Concat(b.Policies, wanted.policies)), distinct(slices.Concat(b.On(), wanted.networks))
		// Whoever closes any of them has to look for others that need it.
		intent.SharedGroups = distinct(slices.Concat(b.SharedGroups, wanted.shared))
		// A replica that revokes it meanwhile has to know that somebody is posting.
		intent.UnsettledUntil = at.Add(life).UTC()
		return change{intent: intent, open: opening(b, wanted), close: closing(b, wanted)}, nil
	}
	return change{intent: intent, noted: intent.State == b.State, close: closing(b, need{}), forget: true}, nil
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
func (a *Access) converge(ctx context.Context, b record.Binding, why event, wanted need) error {
	if why == follows {
		// A round that has read the record would post again what is closed here.
		a.posting.RLock()
		defer a.posting.RUnlock()
	}
	intent, _, err := a.carryOut(ctx, b, why, wanted)
	if err != nil {
		return err
	}
	_, err = a.conclude(ctx, intent, why, wanted)
	return err
}

// carryOut is converge but for the record of what has been done. It returns by what
// nodes were told.
func (a *Access) carryOut(ctx context.Context, b record.Binding, why event, wanted need) (intent record.Binding, told Mark, err error) {
	c, err := a.note(ctx, b, why, wanted)
	if err != nil {
		return b, told, err
	}
	if c.keep {
		if err := a.keep(ctx, c.intent); err != nil {
			return c.intent, told, &PendingError{Cause: fmt.Errorf("keeping the binding's credentials in CredHub: %w", err)}
		}
	}
	if err := a.grant(ctx, c.open); err != nil {
		return c.intent, told, &PendingError{Cause: fmt.Errorf("opening access for app %s: %w", c.intent.AppGUID, err)}
	}
	if err := a.undo(ctx, c, a.since(c)); err != nil {
		return c.intent, told, &PendingError{Cause: fmt.Errorf("revoking access for app %s: %w", c.intent.AppGUID, err)}
	}
	// With its own access goes the instance, and what follows is told of once for all.
	if why != follows && b.ID != record.OwnAccess && len(c.open)+len(c.close) > 0 {
		told = a.mark(ctx, c.intent)
	}
	if why == follows && len(c.close) > 0 {
		a.log.Info("surplus-closed", bindingData(c.intent), lager.Data{"closed": c.close})
	}
	return c.intent, told, nil
}

// follows has a live binding open what it needs now.
func (a *Access) follows(ctx context.Context, b record.Binding, wanted need) error {
	if wanted.metBy(b) {
		return nil
	}
	return a.converge(ctx, b, follows, wanted)
}

// Open posts the policies of a binding that is recorded as being made, and records
// it as made. It wants the instance held. Who answers by himself then waits by what
// nodes were told (AwaitNodes), without holding it. For a binding that is made later the
// record is the answer, so that it is waited for here.
func (a *Access) Open(ctx context.Context, b record.Binding) (record.Binding, Mark, error) {
	intent, told, err := a.carryOut(ctx, b, opened, need{})
	if err != nil {
		return intent, Mark{}, err
	}
	if Later(intent) {
		a.AwaitNodes(ctx, told)
	}
	made, err := a.conclude(ctx, intent, opened, need{})
	return made, told, err
}

// Revoke closes what a binding has opened that isn't wanted any more, and forgets
// it. If another replica may still be opening that, it stays as a tombstone, which
// rounds see to.
func (a *Access) Revoke(ctx context.Context, b record.Binding) error {
	release, err := a.Hold(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer release()
	// Whoever held it before may have done it. To one that is bound nothing is done before
	// it has been marked, over the very version that is known here: see note.
	if b.State != record.Bound {
		b, err = a.records.LiveBinding(ctx, b.InstanceID, b.ID)
	}
	if err != nil {
		return err
	}
	if err = a.converge(ctx, b, unwanted, need{}); errors.Is(err, errUnsettled) {
		return nil
	}
	return err
}

// Bury marks a binding as not wanted any more, and closes nothing yet.
func (a *Access) Bury(ctx context.Context, b record.Binding) error {
	_, err := a.note(ctx, b, unwanted, need{})
	return err
}

// TakeBack closes what a binding has opened that couldn't be made because of cause.
// What it can't close now stays recorded, for rounds to close. It wants the instance
// held.
func (a *Access) TakeBack(ctx context.Context, b record.Binding, cause error) error {
	err := a.converge(ctx, b, couldNot(cause), need{})
	if errors.Is(err, record.ErrNotFound) {
		// Another replica has taken it back, and not what was posted since.
		err = a.undo(ctx, change{intent: b, close: closing(b, need{}), forget: true}, a.live)
	}
	var pending *PendingError
	if errors.As(err, &pending) {
		a.log.Error("tombstone-stays", err, bindingData(b))
		return nil
	}
	if errors.Is(err, errUnsettled) || errors.Is(err, errMade) || errors.Is(err, record.ErrConflict) {
		return nil
	}
	return err
}

// note records what is about to be done. A binding that isn't wanted any more is
// read and judged again if another replica has changed it meanwhile.
func (a *Access) note(ctx context.Context, b record.Binding, why event, wanted need) (change, error) {
	for {
		c, err := plan(b, why, wanted, time.Now(), a.requestLife())
		if err != nil || c.noted {
			return c, err
		}
		c.intent, err = a.records.UpdateBinding(ctx, c.intent)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, record.ErrConflict) || why == follows {
			return c, fmt.Errorf("recording what is to become of binding %s: %w", b.ID, err)
		}
		live, err := a.records.LiveBinding(ctx, b.InstanceID, b.ID)
		if err != nil {
			return c, err
		}
		if (why == undone || why == unsure) && !live.Started.Equal(b.Started) {
			return c, record.ErrConflict // another request has taken it over, and answers for it
		}
		if b.Operation != nil && live.Operation != nil {
			live.Operation.Description = b.Operation.Description
		}
		b = live
	}
}

// conclude records what has been done.
func (a *Access) conclude(ctx context.Context, b record.Binding, why event, wanted need) (record.Binding, error) {
	switch {
	case why == opened:
		made, err := next(b, opened, time.Now(), 0)
		if err != nil {
			return b, err
		}
		if made, err = a.records.UpdateBinding(ctx, made); err != nil {
			return b, fmt.Errorf("recording the binding: %w", err)
		}
		return made, nil
	case why == follows:
		b.Policies, b.SharedGroups, b.UnsettledUntil = policy.Unique(wanted.policies), distinct(wanted.shared), time.Time{}
		b.Networks = wanted.networks
		return a.records.UpdateBinding(ctx, b)
	case !a.settled(b):
		return b, errUnsettled
	case b.State == record.Unmade:
		if !b.Reaches() {
			return b, nil
		}
		b.Policies, b.CredHub, b.UnsettledUntil = nil, nil, time.Time{}
		return a.records.UpdateBinding(ctx, b)
	}
	if err := a.dismiss(ctx, b); err != nil {
		return b, &PendingError{Cause: err}
	}
	return b, a.records.DeleteBinding(ctx, b)
}

// couldNot is the event of a binding that couldn't be made because of cause. It
// is certain not to be carried out by the policy server any more if that has
// refused it, or it was never sent. A connection that breaks off and a router's 502
// tell nothing. Of several causes each has to be certain.
func couldNot(cause error) event {
	var refused *policy.Error
	var network *net.OpError
	switch several := severalIn(cause); {
	case len(several) > 0:
		if slices.ContainsFunc(several, func(each error) bool { return couldNot(each) == unsure }) {
			return unsure
		}
		return undone
	case errors.As(cause, &refused) && refused.Status < http.StatusInternalServerError,
		!errors.As(cause, &refused) && errors.As(cause, &network) && network.Op == "dial",
		!errors.As(cause, &refused) && (errors.Is(cause, locate.ErrBusy) || errors.Is(cause, record.ErrConflict)):
		return undone
	}
	return unsure
}

// severalIn are the errors that were joined to the error, however it was wrapped then.
func severalIn(err error) []error {
	var joined interface{ Unwrap() []error }
	for ; err != nil; err = errors.Unwrap(err) {
		if joined, _ = err.(interface{ Unwrap() []error }); joined != nil {
			return joined.Unwrap()
		}
	}
	return nil
}
