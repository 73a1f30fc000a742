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
