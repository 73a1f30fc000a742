package access

import (
	"context"
	"errors"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const (
	// calm is the least time between two rounds: a storm of binds is one round.
	calm = time.Second
	// soon is the time after which a round that failed is repeated, so that
	// what is owed is done at once when the policy server is back.
	soon = 2 * time.Second
)

// Rounds keep policies true to the records while a replica leads.
type Rounds struct {
	*Access
	follower *Follower
	// bindings are what the records were when they were seen last: reading thousands takes
	// longer than anything else that a round does where nothing has changed.
	bindings map[record.BindingState][]record.Binding
	seen     string
	// stale are the bindings that the last round has found stale, by instance's and
	// binding's id.
	stale map[[2]string]bool
}

// NewRounds returns rounds that also count what the follower finds stale.
func NewRounds(follower *Follower) *Rounds {
	return &Rounds{Access: follower.Access, follower: follower}
}

// Run keeps the policies true to the bindings' records until ctx ends:
// what was lost is opened again, and what revoked bindings have left open is
// closed. CF's policy server deletes, by default every hour, policies whose
// destination isn't a live app, and nothing tells when it has. So rounds go by
// time, and by changes of bindings.
func (r *Rounds) Run(ctx context.Context) {
	defer r.metrics.TermBegins()()
	next := time.NewTimer(0)
	defer next.Stop()
	var unplaced string // why placeholder apps couldn't be made again
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		case <-r.unsettled:
		}
		pause := r.settings.Resync
		if time.Since(looked) >= pause {
			looked, unplaced = time.Now(), r.remakePlaceholders(ctx, unplaced)
		}
		if err := r.round(ctx); err != nil && ctx.Err() == nil {
			r.metrics.RoundFailed.Inc()
			r.log.Error("reconciling-policies", err)
			pause = min(pause, soon)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(calm, pause)):
		}
		next.Reset(pause)
	}
}

// round compares the records with the actual policies: one look at each network for
// the whole foundation, one more for what revoked bindings have left, if there are any,
// and requests only for what is missing. It deletes nothing but what a
// revoked binding has opened.
func (r *Rounds) round(ctx context.Context) error {
	bindings := r.recorded()
	bound, debts := bindings[record.Bound], r.debts(bindings)
	desired := policiesOf(bound)
	r.metrics.Desired.Set(float64(len(desired)))
	// Last, since it may wait for a cluster.
	defer func() { r.tellStale(r.follower.stale(ctx, bound)) }()
	if len(desired)+len(debts) == 0 {
		r.metrics.PoliciesMissing(0)
		r.metrics.GoodRound.SetToCurrentTime()
		return nil
	}
	missing, unseen := r.look(ctx, bound, policy.Enforcer.Missing)
	opened, failed := r.reassert(ctx, bound, missing)
	r.markAll(ctx, opened)
	left, err := r.look(ctx, debts, policy.Enforcer.Left)
	kept, vaultErr := r.lookIntoVault(ctx, debts)
	err = errors.Join(unseen, failed, err, vaultErr)
	for _, b := range debts {
		if left.payable(b, kept, r.settled(b)) {
			err = errors.Join(err, r.repay(ctx, b))
		}
	}
	if err == nil {
		r.metrics.GoodRound.SetToCurrentTime()
	}
	return err
}

// recorded are the bindings by their states. What it returns is only to be read.
func (r *Rounds) recorded() map[record.BindingState][]record.Binding {
	seen := r.records.Seen() // before: what changes meanwhile is read the next time
	if seen == "" || seen != r.seen {
		r.bindings, r.seen = r.records.Bindings(), seen
	}
	return r.bindings
}

// tellStale counts the bindings that are stale, and logs those that have just
// become so.
func (r *Rounds) tellStale(bindings []record.Binding) {
	r.metrics.Stale.Set(float64(len(bindings)))
	before := r.stale
	r.stale = map[[2]string]bool{}
	for _, b := range bindings {
		id := [2]string{b.InstanceID, b.ID}
		r.stale[id] = true
		if !before[id] {
			data := bindingData(b)
			data["hosts"] = b.Hosts
			r.log.Info("stale", data)
		}
	}
}

// debts are the bindings that may have left something open.
func (r *Rounds) debts(bindings map[record.BindingState][]record.Binding) (all []record.Binding) {
	for _, each := range bindings {
		for _, b := range each {
			if _, owes := debt(b, time.Now(), r.requestLife()); owes {
				all = append(all, b)
			}
		}
	}
	return all
}

// repay closes what a binding has left open, if it owes that still: it may have
// been asked for again since the round saw it. That of a binding which somebody
// may be opening right now stays until that has ended.
func (r *Rounds) repay(ctx context.Context, b record.Binding) error {
	unlock, err := r.Hold(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	live, err := r.records.LiveBinding(ctx, b.InstanceID, b.ID)
	if errors.Is(err, record.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	what, owes := debt(live, time.Now(), r.requestLife())
	if !owes {
		return nil
	}
	err = r.converge(ctx, live, what, need{})
	if err == nil || errors.Is(err, errMade) || errors.Is(err, record.ErrNotFound) || errors.Is(err, errUnsettled) || errors.Is(err, record.ErrConflict) {
		return nil
	}
	r.log.Error("tombstone-stays", err, bindingData(b))
	return err
}
