package locate

import (
	"context"
	"fmt"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Reached is a cluster and its address, which is empty for the broker's own. ClusterObjects
// are the cluster-scoped kinds that plans and instances there name.
type Reached struct {
	Server         string
	ClusterObjects []string
	*helmsvc.Cluster
}

// All are the clusters that the catalog's plans and the instances name, by their ids. One that
// nothing leads to any more has no Cluster, and failed says why.
func (c *Clusters) All(ctx context.Context, instances []record.Instance) (all map[string]Reached, failed []error) {
	all = map[string]Reached{"": {Cluster: c.home}}
	catalog := c.charts.Catalog()
	for _, s := range slices.Concat(catalog.Services, catalog.Older) {
		for _, plan := range s.Plans {
			id := ClusterID(plan)
			if all[id].Cluster == nil {
				failed = append(failed, c.reach(all, id, plan.Cluster))
			}
			name(all, id, plan.ClusterObjects)
		}
	}
	for _, i := range instances {
		if all[i.Cluster].Cluster == nil {
			failed = append(failed, c.reachOf(ctx, all, i))
		}
		name(all, i.Cluster, i.ClusterObjects)
	}
	return all, slices.DeleteFunc(failed, func(err error) bool { return err == nil })
}

func name(all map[string]Reached, id string, kinds []string) {
	at := all[id]
	at.ClusterObjects = append(at.ClusterObjects, kinds...)
	all[id] = at
}

func (c *Clusters) reachOf(ctx context.Context, all map[string]Reached, i record.Instance) error {
	access, err := c.accessTo(ctx, i)
	if err == nil {
		err = c.reach(all, i.Cluster, access)
	}
	if err != nil {
		return fmt.Errorf("the cluster of service instance %s: %w", i.ID, err)
	}
	return nil
}

func (c *Clusters) reach(all map[string]Reached, id string, access *chart.Kubeconfig) error {
	cluster, err := c.Connected(access)
	if err != nil {
		return err
	}
	all[id] = Reached{Server: access.Server, Cluster: cluster, ClusterObjects: all[id].ClusterObjects}
	return nil
}
