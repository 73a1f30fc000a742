package instance

import (
	"context"
	"errors"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Left tells whether anything is left of an instance that has no record, and
// whether Kibosh has made it. planID is what the request names, if it does.
func (s *Instances) Left(ctx context.Context, id, planID string) (left, kibosh bool, err error) {
	instance, left, err := s.findLeft(ctx, id, planID)
	return left, instance.Kibosh, err
}

// findLeft returns the record that an instance without one should have: its
// namespace is there, or that which Kibosh has made for it, or bindings are.
func (s *Instances) findLeft(ctx context.Context, id, planID string) (record.Instance, bool, error) {
	target := tenant.TargetOf(s.settings.NamespacePrefix, id)
	own := record.Instance{
		ID: id, PlanID: planID, Namespace: target.Namespace, Release: target.Release,
		Destination: string(locate.ToInstance), PolicyGroup: locate.PolicyGroup(id),
	}
	long, kibosh := own, own
	long.Namespace = tenant.LongNamespace(s.settings.NamespacePrefix, id)
	kibosh.Kibosh, kibosh.Namespace = true, tenant.KiboshNamespace(id).Name
	for _, candidate := range []record.Instance{own, long, kibosh} {
		cluster, found, err := s.whereIs(ctx, locate.Namespace(candidate, "", chart.Plan{}), planID)
		if found || err != nil {
			candidate.Cluster = cluster
			return candidate, found, err
		}
	}
	bindings, err := s.records.LiveBindings(ctx, id)
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
func (s *Instances) whereIs(ctx context.Context, namespace tenant.Namespace, planID string) (cluster string, found bool, err error) {
	if found, err = s.clusters.Home().Has(ctx, namespace); found || err != nil {
		return "", found, err
	}
	for _, service := range s.charts.Catalog().Services {
		plan, isPlan := service.Plan(planID)
		if !isPlan || plan.Cluster == nil {
			continue
		}
		at, err := s.clusters.Connected(plan.Cluster)
		if err != nil {
			return "", false, err
		}
		found, err = at.Has(ctx, namespace)
		return plan.Cluster.ID, found, err
	}
	return "", false, nil
}
