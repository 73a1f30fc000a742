package operation

import (
	"context"
	"errors"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Left tells whether anything is left of an instance that has no record, and
// whether Kibosh has made it. planID is what the request names, if it does.
func (e *Engine) Left(ctx context.Context, id, planID string) (left, kibosh bool, err error) {
	instance, left, err := e.findLeft(ctx, id, planID)
	return left, instance.Kibosh, err
}

// findLeft returns the record that an instance without one should have: its
// namespace is there, or that which Kibosh has made for it, or bindings are.
func (e *Engine) findLeft(ctx context.Context, id, planID string) (record.Instance, bool, error) {
	target := tenant.TargetOf(e.settings.NamespacePrefix, id)
	own := record.Instance{
		ID: id, PlanID: planID, Namespace: target.Namespace, Release: target.Release,
		Destination: string(ToInstance), PolicyGroup: policyGroup(id),
	}
	kibosh := own
	kibosh.Kibosh, kibosh.Namespace = true, tenant.KiboshNamespace(id).Name
	for _, candidate := range []record.Instance{own, kibosh} {
		cluster, found, err := e.whereIs(ctx, namespaceOf(candidate, "", chart.Plan{}), planID)
		if found || err != nil {
			candidate.Cluster = cluster
			return candidate, found, err
		}
	}
	bindings, err := e.records.LiveBindings(ctx, id)
	if errors.Is(err, record.ErrDamaged) {
		err = nil // the delete tells of them
	}
	// Tombstones end by themselves.
	live := func(b record.Binding) bool { return b.State != record.Revoking }
	return own, slices.ContainsFunc(bindings, live), err
}

// whereIs looks for a namespace on the broker's cluster and on that of the plan,
// and returns the id of the cluster that has it. It asks no other: one that
// doesn't answer would hold up the deletes of all.
func (e *Engine) whereIs(ctx context.Context, namespace tenant.Namespace, planID string) (cluster string, found bool, err error) {
	if found, err = e.clusters.home.Has(ctx, namespace); found || err != nil {
		return "", found, err
	}
	for _, s := range e.charts.catalog.Catalog().Services {
		plan, isPlan := s.Plan(planID)
		if !isPlan || plan.Cluster == nil {
			continue
		}
		at, err := e.clusters.connected(plan.Cluster)
		if err != nil {
			return "", false, err
		}
		found, err = at.Has(ctx, namespace)
		return plan.Cluster.ID, found, err
	}
	return "", false, nil
}
