package access

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const (
	// calm is the least time between two rounds: a storm of binds is one round.
	calm = time.Second
	// soon is the time after which a round that failed is repeated, so that
	// what is owed is done at once when the policy server is back.
	soon = 2 * time.Second
	// noting is how many records are written at a time.
	noting = 20
	// batch is the most policies that one request posts. The policy server
	// takes 10 MiB; a policy has less than 300 bytes.
	batch = 10_000
)

// Rounds keep policies true to the records while a replica leads.
type Rounds struct {
	*Access
	follower *Follower
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

// round compares the records with the actual policies: one GET for the whole
// foundation, and POSTs only for what is missing. It deletes nothing but what a
// revoked binding has opened.
func (r *Rounds) round(ctx context.Context) error {
	bindings := r.records.Bindings()
	bound, debts := bindings[record.Bound], r.debts(bindings)
	desired := policiesOf(bound)
	r.metrics.Desired.Set(float64(len(desired)))
	// Last, since it may wait for a cluster.
	defer func() { r.tellStale(r.follower.stale(ctx, bound)) }()
	if len(desired)+len(debts) == 0 {
		return nil
	}
	missing, err := r.missing(ctx, policy.Unique(slices.Concat(desired, policiesOf(debts))))
	if err != nil {
		return err
	}
	err = r.reassert(ctx, bound, missing)
	for _, b := range debts {
		if slices.ContainsFunc(b.Policies, func(p policy.Policy) bool { return !missing.Has(p) }) || settled(b, time.Now()) {
			err = errors.Join(err, r.repay(ctx, b))
		}
	}
	if err == nil {
		r.metrics.GoodRound.SetToCurrentTime()
	}
	return err
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

// missing are those of the policies that there aren't; all where policies are off.
func (r *Rounds) missing(ctx context.Context, wanted []policy.Policy) (policy.Set, error) {
	if r.policies == nil {
		return policy.SetOf(wanted), nil
	}
	list, err := r.policies.Missing(ctx, wanted)
	return policy.SetOf(list), err
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

func policiesOf(bindings []record.Binding) []policy.Policy {
	var all []policy.Policy
	for _, b := range bindings {
		all = append(all, b.Policies...)
	}
	return policy.Unique(all)
}

// reassert posts what is missing, in one request. Before that it notes on each
// of the bindings that somebody is posting for it: one that is revoked
// meanwhile then stays as a tombstone for as long as the request may take. One
// that has changed since it was read is left for the next round.
func (r *Rounds) reassert(ctx context.Context, bound []record.Binding, missing policy.Set) error {
	if r.policies == nil {
		return nil
	}
	r.posting.Lock()
	defer r.posting.Unlock()
	r.metrics.Missing.Set(float64(len(missing.Of(policiesOf(bound)))))
	var noted sync.Mutex
	var lost []policy.Policy
	var group errgroup.Group
	group.SetLimit(noting)
	for _, b := range bound {
		if !slices.ContainsFunc(b.Policies, missing.Has) {
			continue
		}
		group.Go(func() error {
			b.UnsettledUntil = time.Now().Add(r.requestLife()).UTC()
			_, err := r.records.UpdateBinding(ctx, b)
			if errors.Is(err, record.ErrConflict) {
				return nil
			}
			noted.Lock()
			defer noted.Unlock()
			if err == nil {
				lost = append(lost, b.Policies...)
			}
			return err
		})
	}
	err := group.Wait()
	lost = missing.Of(policy.Unique(lost))
	for chunk := range slices.Chunk(lost, batch) {
		if postErr := r.policies.Create(ctx, chunk); postErr != nil {
			return errors.Join(err, postErr)
		}
		r.metrics.Reasserted.Add(float64(len(chunk)))
		r.log.Info("reasserted", lager.Data{"count": len(chunk), "first": chunk[:min(len(chunk), 20)]})
	}
	return err
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
