package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/events"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const (
	// noting is how many records are written at a time.
	noting = 20
	// batch is the most policies that one request posts. The policy server
	// takes 10 MiB; a policy has less than 300 bytes.
	batch = 10_000
)

// sights are what was seen of each network that was looked at.
type sights map[string]sight

// sight is a look at one network: for what is missing there, or for what is left.
type sight struct {
	found, unknown policy.Set
	blind          bool // nothing is known
}

// seeing is what an enforcer is asked: policy.Enforcer.Missing or policy.Enforcer.Left.
type seeing func(e policy.Enforcer, ctx context.Context, policies []policy.Policy) ([]policy.Policy, error)

// look has each network that has policies of the bindings looked at, once. One that isn't
// enforced any more counts until its bindings are open on what is: that may take long.
func (a *Access) look(ctx context.Context, bindings []record.Binding, see seeing) (sights, error) {
	seen, errs := sights{}, []error(nil)
	for network, enforcer := range a.networks.Enforcers {
		on := policiesOn(network, bindings)
		if len(on) == 0 {
			continue
		}
		found, err := see(enforcer, ctx, on)
		var partly *policy.UnseenError
		switch {
		case err == nil:
			seen[network] = sight{found: policy.SetOf(found)}
			continue
		case errors.As(err, &partly):
			seen[network] = sight{found: policy.SetOf(found), unknown: policy.SetOf(partly.Policies)}
		default:
			seen[network] = sight{blind: true}
		}
		errs = append(errs, fmt.Errorf("looking for policies on the network %s: %w", network, err))
	}
	return seen, errors.Join(errs...)
}

// finds tells whether any of what the binding opens was found on one of its networks.
func (s sights) finds(b record.Binding) bool {
	return slices.ContainsFunc(b.On(), func(network string) bool { return slices.ContainsFunc(b.PoliciesOn(network), s[network].found.Has) })
}

// unsure tells whether what the binding opens couldn't be looked at, on some network.
func (s sights) unsure(b record.Binding) bool {
	return slices.ContainsFunc(b.On(), func(network string) bool {
		return s[network].blind || slices.ContainsFunc(b.Policies, s[network].unknown.Has)
	})
}

// whole tells whether all of all networks could be looked at: then what wasn't found isn't
// there.
func (s sights) whole() bool {
	for _, on := range s {
		if on.blind || len(on.unknown) > 0 {
			return false
		}
	}
	return true
}

// payable tells, of looks for what is left, there and in CredHub, whether there is anything to be done now about
// a binding that owes. What is left, be it in part, is closed, whatever other networks
// answer: a round may have opened it again beside the unbind. A binding of which nothing is
// left is forgotten, once nobody may be opening anything for it, by a look at all of its
// networks.
func (s sights) payable(b record.Binding, kept vault, settled bool) bool {
	return s.finds(b) || kept.finds(b) || settled && !s.unsure(b) && !kept.unsure(b)
}

// policiesOf are what the bindings open, and policiesOn what of it the network has to have.
func policiesOf(bindings []record.Binding) []policy.Policy {
	var all []policy.Policy
	for _, b := range bindings {
		all = append(all, b.Policies...)
	}
	return policy.Unique(all)
}

func policiesOn(network string, bindings []record.Binding) []policy.Policy {
	var all []policy.Policy
	for _, b := range bindings {
		all = append(all, b.PoliciesOn(network)...)
	}
	return policy.Unique(all)
}

// reassert opens what is missing, in one request for each network. Before that it notes
// on each of the bindings that somebody is opening something for it: one that is revoked
// meanwhile then stays as a tombstone for as long as the request may take. One
// that has changed since it was read is left for the next round. It returns those
// that it has opened something for, some of which may not have been opened if there is
// an error.
func (r *Rounds) reassert(ctx context.Context, bound []record.Binding, missing sights) (opened []record.Binding, err error) {
	r.posting.Lock()
	defer r.posting.Unlock()
	opened, err = r.noteLost(ctx, bound, missing)
	lacking := map[policy.Policy]bool{}
	for network, enforcer := range r.networks.Enforcers {
		for _, p := range missing[network].found.Of(policiesOn(network, bound)) {
			lacking[p] = true
		}
		lost := missing[network].found.Of(policiesOn(network, opened))
		for chunk := range slices.Chunk(lost, batch) {
			if openErr := enforcer.Create(ctx, chunk); openErr != nil {
				err = errors.Join(err, openErr)
				break
			}
			r.metrics.Reasserted.Add(float64(len(chunk)))
			r.log.Info("reasserted", lager.Data{"network": network, "count": len(chunk), "first": chunk[:min(len(chunk), 20)]})
		}
	}
	if len(lacking) > 0 || missing.whole() {
		r.metrics.PoliciesMissing(len(lacking))
	}
	if err == nil {
		r.tellPutBack(ctx, opened)
	}
	return opened, err
}

// noteLost notes on the bindings which lack something that it is being opened, and
// returns those of which that was noted.
func (r *Rounds) noteLost(ctx context.Context, bound []record.Binding, missing sights) (noted []record.Binding, err error) {
	var mu sync.Mutex // guards noted
	var group errgroup.Group
	group.SetLimit(noting)
	for _, b := range bound {
		if !missing.finds(b) {
			continue
		}
		group.Go(func() error {
			b.UnsettledUntil = time.Now().Add(r.requestLife()).UTC()
			_, err := r.records.UpdateBinding(ctx, b)
			if errors.Is(err, record.ErrConflict) {
				return nil
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				noted = append(noted, b)
			}
			return err
		})
	}
	err = group.Wait()
	return noted, err
}

// tellPutBack tells in the namespaces of the bindings' instances that policies were put
// back: for a while apps couldn't reach them.
func (r *Rounds) tellPutBack(ctx context.Context, opened []record.Binding) {
	if r.settings.Tell == nil {
		return
	}
	bindings := map[string]int{}
	for _, b := range opened {
		bindings[b.InstanceID]++
	}
	for id, count := range bindings {
		if i, err := r.records.Instance(id); err == nil {
			r.settings.Tell(ctx, i, events.Event{
				Namespace: i.Namespace, Reason: "PoliciesPutBack",
				Note: fmt.Sprintf("policies of %d bindings were missing, and apps couldn't open connections by them; they are there again", count),
			})
		}
	}
}
