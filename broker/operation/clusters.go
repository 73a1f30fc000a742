package operation

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Connect opens a connection to the cluster that a kubeconfig names.
type Connect func(kubeconfig []byte) (*helmsvc.Cluster, error)

// clusters are the clusters that instances live on: the broker's own, and
// those of plans.
type clusters struct {
	home    *helmsvc.Cluster
	connect Connect
	charts  *charts

	mu   sync.Mutex
	open map[string]connection // by cluster id; guarded by mu
}

type connection struct {
	kubeconfig string
	cluster    *helmsvc.Cluster
}

// of returns the cluster that the instance lives on. The kubeconfig is the
// catalog's newest for that cluster, so that credentials can be changed, else
// the one that came with the instance's chart.
func (c *clusters) of(ctx context.Context, i record.Instance) (*helmsvc.Cluster, error) {
	if i.Cluster == "" {
		return c.home, nil
	}
	kubeconfig := kubeconfigIn(c.charts.catalog.Catalog().Services, i.Cluster)
	if kubeconfig == nil {
		service, err := c.charts.find(ctx, i.Chart)
		if err != nil {
			return nil, fmt.Errorf("finding the access to the instance's cluster: %w", err)
		}
		kubeconfig = kubeconfigIn([]chart.Service{service}, i.Cluster)
	}
	if kubeconfig == nil {
		return nil, fmt.Errorf("no plan has credentials for the cluster that the instance lives on (id %s) any more; put the plan's `credentials` file back", i.Cluster)
	}
	return c.connected(kubeconfig)
}

func kubeconfigIn(services []chart.Service, id string) *chart.Kubeconfig {
	for _, k := range kubeconfigsIn(services) {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// kubeconfigsIn returns the plans' kubeconfigs, one for each cluster.
func kubeconfigsIn(services []chart.Service) []*chart.Kubeconfig {
	var found []*chart.Kubeconfig
	for _, s := range services {
		for _, p := range s.Plans {
			known := func(k *chart.Kubeconfig) bool { return k.ID == p.Cluster.ID }
			if p.Cluster != nil && !slices.ContainsFunc(found, known) {
				found = append(found, p.Cluster)
			}
		}
	}
	return found
}

func (c *clusters) connected(k *chart.Kubeconfig) (*helmsvc.Cluster, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, found := c.open[k.ID]; found && known.kubeconfig == string(k.Text) {
		return known.cluster, nil
	}
	cluster, err := c.connect(k.Text)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster %s: %w", k.Server, err)
	}
	c.open[k.ID] = connection{kubeconfig: string(k.Text), cluster: cluster}
	return cluster, nil
}

// clusterID is the id of the plan's cluster; empty for the broker's own.
func clusterID(p chart.Plan) string {
	if p.Cluster == nil {
		return ""
	}
	return p.Cluster.ID
}
