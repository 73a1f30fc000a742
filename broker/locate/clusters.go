package locate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/events"
)

// Connect opens a connection to the cluster that a kubeconfig names.
type Connect func(kubeconfig []byte) (*helmsvc.Cluster, error)

// Clusters are the clusters that instances live on: the broker's own, and
// those of plans.
type Clusters struct {
	home    *helmsvc.Cluster
	connect Connect
	charts  *Charts

	mu   sync.Mutex
	open map[string]*helmsvc.Cluster // by kubeconfig; guarded by mu
}

// NewClusters finds the clusters that plans name; home is that of plans without
// one of their own.
func NewClusters(home *helmsvc.Cluster, connect Connect, charts *Charts) *Clusters {
	return &Clusters{home: home, connect: connect, charts: charts, open: map[string]*helmsvc.Cluster{}}
}

// Home is the broker's own cluster.
func (c *Clusters) Home() *helmsvc.Cluster { return c.home }

// Of returns the cluster that the instance lives on. The kubeconfig is that of
// the instance's plan in the catalog, as long as it is for that cluster, so that
// credentials can be changed; else the one that came with the instance's chart.
// Another plan's is never used: it may have other rights.
func (c *Clusters) Of(ctx context.Context, i record.Instance) (*helmsvc.Cluster, error) {
	if i.Cluster == "" {
		return c.home, nil
	}
	access, err := c.accessTo(ctx, i)
	if err != nil {
		return nil, err
	}
	return c.Connected(access)
}

// accessTo is nil where no plan has credentials for the instance's cluster any more.
func (c *Clusters) accessTo(ctx context.Context, i record.Instance) (*chart.Kubeconfig, error) {
	for _, s := range c.charts.Catalog().Services {
		// A plan's id is made of its service's. Of Kibosh's instances the service
		// isn't known.
		if plan, found := s.Plan(i.PlanID); found && ClusterID(plan) == i.Cluster {
			return plan.Cluster, nil
		}
	}
	if i.Kibosh {
		return nil, nil
	}
	_, plan, err := c.charts.Of(ctx, i.Chart, i.PlanID)
	if err != nil {
		return nil, fmt.Errorf("finding the access to the instance's cluster: %w", err)
	}
	return plan.Cluster, nil
}

// Revision is that of the instance's cluster which knows all that its last
// operation saw; empty if that can't be told: another cluster counts its own.
func (c *Clusters) Revision(i record.Instance) string {
	if i.Cluster != "" {
		return ""
	}
	return i.Revision()
}

// Forget closes what no plan of the catalog names: kubeconfigs change with their
// tokens. One that is the same is for the same credentials, since it names no file.
func (c *Clusters) Forget() {
	catalog, named := c.charts.Catalog(), map[string]bool{}
	for _, s := range slices.Concat(catalog.Services, catalog.Older) {
		for _, p := range s.Plans {
			if p.Cluster != nil {
				named[string(p.Cluster.Text)] = true
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.open, func(text string, _ *helmsvc.Cluster) bool { return !named[text] })
}

// Open tells whether a cluster is the broker's own, or hasn't been forgotten since it
// was found.
func (c *Clusters) Open(cluster *helmsvc.Cluster) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cluster == c.home || slices.Contains(slices.Collect(maps.Values(c.open)), cluster)
}

// Connected returns the cluster that a plan's credentials are for. k is nil where
// there are none any more; the error then says what to do.
func (c *Clusters) Connected(k *chart.Kubeconfig) (*helmsvc.Cluster, error) {
	if k == nil {
		return nil, errors.New("no plan has credentials for the cluster that the service instance lives on any more; put back the plan with its `credentials` file, or, if the cluster is gone for good, have the operator run `broker instances forget`")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cluster, found := c.open[string(k.Text)]; found {
		return cluster, nil
	}
	cluster, err := c.connect(k.Text)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster %s: %w", k.Server, err)
	}
	c.open[string(k.Text)] = cluster
	return cluster, nil
}

// ClusterID is the id of the plan's cluster; empty for the broker's own.
func ClusterID(p chart.Plan) string {
	if p.Cluster == nil {
		return ""
	}
	return p.Cluster.ID
}

// MarkAccess has the nodes that have pods of the instance see that access to it has
// changed, and returns what AwaitPolled wants of it.
func (c *Clusters) MarkAccess(ctx context.Context, i record.Instance) (revision string, err error) {
	cluster, err := c.Of(ctx, i)
	if err != nil {
		return "", err
	}
	return cluster.MarkAccess(ctx, Namespace(i, "", chart.Plan{}))
}

// AwaitPolled waits until the nodes that have pods of the instance have looked for
// policies since it was marked, or ctx ends; then it returns those that haven't.
func (c *Clusters) AwaitPolled(ctx context.Context, i record.Instance, revision string) (lagging []string, err error) {
	cluster, err := c.Of(ctx, i)
	if err != nil {
		return nil, err
	}
	return cluster.AwaitPolled(ctx, i.Namespace, revision)
}

// Tell tells of the instance in its namespace, if its cluster can be found.
func (c *Clusters) Tell(ctx context.Context, i record.Instance, e events.Event) {
	if cluster, err := c.Of(ctx, i); err == nil {
		cluster.Tell(ctx, e)
	}
}
