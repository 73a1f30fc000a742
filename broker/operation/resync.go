package operation

import (
	"context"
	"errors"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// resync keeps the policies true to the bindings' records until ctx ends: what
// revoked bindings have left open is closed, and what was lost is opened
// again. CF's policy server deletes, by default every hour, policies whose
// destination isn't a live app. It goes by time, since nothing tells when the
// policy server has changed or is back.
func (e *Engine) resync(ctx context.Context) {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		e.sweep(ctx)
		if err := e.reassert(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("reasserting-policies", err)
		}
	}, e.settings.PolicyResync)
}

// sweep tries again to close what tombstones have left open.
func (e *Engine) sweep(ctx context.Context) {
	for _, b := range e.records.Bindings(record.Revoking) {
		if err := e.revoke(ctx, b); err != nil && !errors.Is(err, record.ErrNotFound) {
			e.log.Error("tombstone-stays", err, bindingData(b))
		}
	}
}

// reassert posts what is missing: one GET for the whole foundation, and no
// POST where nothing is. It never deletes.
func (e *Engine) reassert(ctx context.Context) error {
	wanted := map[string][]policy.Policy{} // by instance
	for _, b := range e.records.Bindings(record.Bound) {
		if len(b.Policies) > 0 {
			wanted[b.InstanceID] = append(wanted[b.InstanceID], b.Policies...)
		}
	}
	if len(wanted) == 0 || e.policies == nil {
		return nil
	}
	actual, err := e.policies.List(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for instanceID, policies := range wanted {
		if missing := policy.Without(policy.Unique(policies), actual); len(missing) > 0 {
			failures = append(failures, e.restore(ctx, instanceID, missing))
		}
	}
	return errors.Join(failures...)
}

// restore posts those of the missing policies that are still needed, now that
// no bind or unbind of the instance is under way: the cache and the list that
// they were found by may be older than an unbind.
func (e *Engine) restore(ctx context.Context, instanceID string, missing []policy.Policy) error {
	unlock, err := e.access.acquire(ctx, instanceID)
	if err != nil {
		return err
	}
	defer unlock()
	needed, err := e.needed(ctx, instanceID)
	if err != nil {
		return err
	}
	lost := policy.Without(missing, policy.Without(missing, needed))
	if len(lost) == 0 {
		return nil
	}
	if err := e.policies.Create(ctx, lost); err != nil {
		return err
	}
	e.metrics.reasserted.Add(float64(len(lost)))
	e.log.Info("reasserted", lager.Data{"instance-id": instanceID, "policies": lost})
	return nil
}
