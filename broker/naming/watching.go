package naming

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/watch"
)

// watching is the watch of a cluster with certain credentials. Plans that share a
// cluster needn't share these.
type watching struct {
	*watch.Watcher
	stop context.CancelFunc
}

// assign has the instance's namespace watched by the cluster's credentials, and no
// longer by those that it had before. Until the new watch knows everything, what is
// published stays. It wants mu held.
func (n *Naming) assign(i record.Instance, cluster *helmsvc.Cluster) error {
	before, has := n.added[i.Namespace]
	if has && before.cluster == cluster {
		return nil
	}
	w, err := n.watching(cluster)
	if err != nil {
		return err
	}
	n.added[i.Namespace] = known{i.ID, cluster}
	w.Add(i.Namespace)
	if has {
		n.watchers[before.cluster].Remove(i.Namespace)
	}
	return nil
}

// watching wants mu held.
func (n *Naming) watching(cluster *helmsvc.Cluster) (*watching, error) {
	if w := n.watchers[cluster]; w != nil {
		return w, nil
	}
	mine := func(namespace string) bool {
		return strings.HasPrefix(namespace, n.prefix+"-") || n.elsewhere[namespace]
	}
	ctx, stop := context.WithCancel(n.running)
	w, err := watch.Start(ctx, cluster.Clients(), n.domain, mine, func(namespace string, records []names.Record, refused []error) {
		n.tell(cluster, namespace, records, refused)
	})
	if err != nil {
		stop()
		return nil, fmt.Errorf("watching the Services of the instance's cluster: %w", err)
	}
	n.watchers[cluster] = &watching{w, stop}
	return n.watchers[cluster], nil
}

// tell publishes what a watch tells, unless another one has taken the namespace over.
func (n *Naming) tell(by *helmsvc.Cluster, namespace string, records []names.Record, refused []error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k, has := n.added[namespace]; has && k.cluster != by {
		return
	}
	n.publisher.Set(namespace, records)
	if err := errors.Join(refused...); err != nil {
		n.log.Error("names-refused", err, lager.Data{"namespace": namespace})
	}
}

// tidy ends the watches of plans' clusters that nothing is watched by any more, since
// credentials have changed, say.
func (n *Naming) tidy() {
	n.mu.Lock()
	defer n.mu.Unlock()
	used := map[*helmsvc.Cluster]bool{n.clusters.Home(): true}
	for _, k := range n.added {
		used[k.cluster] = true
	}
	for cluster, w := range n.watchers {
		if !used[cluster] {
			w.stop()
			delete(n.watchers, cluster)
		}
	}
}
