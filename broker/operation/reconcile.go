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

const (
	// calm is the least time between two rounds: a storm of binds is one round.
	calm = time.Second
	// soon is the time after which a round that failed is repeated, so that
	// what is owed is done at once when the policy server is back.
	soon = 2 * time.Second
	// batch is the most policies that one request posts. The policy server
	// takes 10 MiB; a policy has less than 300 bytes.
	batch = 10_000
)

// reconcile keeps the policies true to the bindings' records until ctx ends:
// what was lost is opened again, and what revoked bindings have left open is
// closed. CF's policy server deletes, by default every hour, policies whose
// destination isn't a live app, and nothing tells when it has. So rounds go by
// time, and by changes of bindings.
func (e *Engine) reconcile(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		case <-e.unsettled:
		}
		pause := e.settings.PolicyResync
		if err := e.round(ctx); err != nil && ctx.Err() == nil {
			e.metrics.roundFailed.Inc()
			e.log.Error("reconciling-policies", err)
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

// settle asks for a round.
func (e *Engine) settle() {
	select {
	case e.unsettled <- struct{}{}:
	default: // there will be one anyway
	}
}

// round compares the records with the actual policies: one GET for the whole
// foundation, and POSTs only for what is missing. It deletes nothing but what a
// revoked binding has opened.
func (e *Engine) round(ctx context.Context) error {
	bound, revoked := e.records.Bindings(record.Bound), append(e.records.Bindings(record.Revoking), e.cutShort()...)
	desired := policiesOf(bound)
	e.metrics.desired.Set(float64(len(desired)))
	if len(desired)+len(revoked) == 0 || e.policies == nil {
		return nil
	}
	actual, err := e.policies.List(ctx)
	if err != nil {
		return err
	}
	missing := policy.Without(desired, actual)
	e.metrics.missing.Set(float64(len(missing)))
	err = e.reassert(ctx, bound, missing)
	for _, b := range revoked {
		err = errors.Join(err, e.finishRevoking(ctx, b))
	}
	if err == nil {
		e.metrics.goodRound.SetToCurrentTime()
	}
	return err
}

// cutShort are the bindings whose request has ended without being answered: the
// replica that was making them has died. Nobody was told that they exist.
func (e *Engine) cutShort() []record.Binding {
	return slices.DeleteFunc(e.records.Bindings(record.Opening), func(b record.Binding) bool {
		return b.Operation != nil || time.Since(b.Started) < e.requestLife()
	})
}

func policiesOf(bindings []record.Binding) []policy.Policy {
	var all []policy.Policy
	for _, b := range bindings {
		all = append(all, b.Policies...)
	}
	return policy.Unique(all)
}

// reassert posts those of the missing policies that are still needed: the
// records that they were found by may be older than an unbind. What an unbind
// has revoked while they were being posted is closed again.
func (e *Engine) reassert(ctx context.Context, bound []record.Binding, missing []policy.Policy) error {
	affected := instancesOf(bound, missing)
	lost, err := e.stillNeeded(ctx, affected, missing)
	if err != nil || len(lost) == 0 {
		return err
	}
	for chunk := range slices.Chunk(lost, batch) {
		if err := e.policies.Create(ctx, chunk); err != nil {
			return err
		}
	}
	e.metrics.reasserted.Add(float64(len(lost)))
	e.log.Info("reasserted", lager.Data{"count": len(lost), "first": lost[:min(len(lost), 20)]})
	needed, err := e.stillNeeded(ctx, affected, lost)
	if err != nil {
		return fmt.Errorf("checking what was opened again: %w", err)
	}
	if revoked := policy.Without(lost, needed); len(revoked) > 0 {
		return e.policies.Delete(ctx, revoked)
	}
	return nil
}

// instancesOf returns the instances whose bindings open one of the policies.
func instancesOf(bindings []record.Binding, policies []policy.Policy) []string {
	wanted := policy.SetOf(policies)
	var ids []string
	for _, b := range bindings {
		if slices.ContainsFunc(b.Policies, wanted.Has) {
			ids = append(ids, b.InstanceID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// stillNeeded returns those of the policies that a live binding of the
// instances needs, read live.
func (e *Engine) stillNeeded(ctx context.Context, instances []string, policies []policy.Policy) ([]policy.Policy, error) {
	if len(policies) == 0 {
		return nil, nil
	}
	bindings, err := e.records.LiveBindingsOf(ctx, instances)
	// What a damaged record needs isn't known; the others need theirs.
	if err != nil && !errors.Is(err, record.ErrDamaged) {
		return nil, err
	}
	needed := policy.SetOf(policiesNeeded(bindings))
	return slices.DeleteFunc(slices.Clone(policies), func(p policy.Policy) bool { return !needed.Has(p) }), nil
}

// finishRevoking tries again to close what a tombstone has left open. That of
// a binding which another replica may be opening right now has to wait.
func (e *Engine) finishRevoking(ctx context.Context, b record.Binding) error {
	err := e.revoke(ctx, b, b.State == record.Opening) // cut short, and long enough ago
	if errors.Is(err, record.ErrNotFound) || errors.Is(err, errUnsettled) {
		return nil
	}
	if err != nil {
		e.log.Error("tombstone-stays", err, bindingData(b))
	}
	return err
}
