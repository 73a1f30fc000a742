package locate

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// Observers watch what instances offer, while this replica leads: one for each cluster
// that is asked for.
type Observers struct {
	clusters *Clusters
	records  *record.Store
	prefix   string // of the namespaces' names

	mu        sync.Mutex
	changed   func(instanceID string)       // is told of each change of the pods of an instance; guarded by mu
	observers map[*helmsvc.Cluster]observed // nil unless this replica leads; guarded by mu
}

// observed is the watch of a cluster with certain credentials.
type observed struct {
	*view.Observer
	stop context.CancelFunc
}

// NewObservers watch nothing yet.
func NewObservers(clusters *Clusters, records *record.Store, prefix string) *Observers {
	return &Observers{clusters: clusters, records: records, prefix: prefix}
}

// Begin prepares for watching, until End; changed is told which instances have changed.
func (o *Observers) Begin(changed func(instanceID string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed, o.observers = changed, map[*helmsvc.Cluster]observed{}
}

// End forgets what was watched.
func (o *Observers) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.observers = nil
}

// namespaceChanged tells of the instance that lives in the namespace.
func (o *Observers) namespaceChanged(namespace string) {
	o.mu.Lock()
	changed := o.changed
	o.mu.Unlock()
	for _, i := range o.records.In(namespace) {
		changed(i.ID)
	}
}

// mine tells whether the namespace may be an instance's, of another prefix too. Of one
// that is new the record may not have been seen yet.
func (o *Observers) mine(namespace string) bool {
	return strings.HasPrefix(namespace, o.prefix+"-") || len(o.records.In(namespace)) > 0
}

// Of watches the cluster for as long as this replica leads. The error is
// context.Canceled if it doesn't.
func (o *Observers) Of(ctx context.Context, cluster *helmsvc.Cluster) (*view.Observer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.observers == nil {
		return nil, context.Canceled // the term has ended
	}
	if found, open := o.observers[cluster]; open {
		return found.Observer, nil
	}
	ctx, stop := context.WithCancel(ctx)
	observer, err := cluster.Observe(ctx, o.mine, o.namespaceChanged)
	if err != nil {
		stop()
		return nil, fmt.Errorf("watching the pods of the instances: %w", err)
	}
	o.observers[cluster] = observed{observer, stop}
	return observer, nil
}

// Offer is what an instance's pods offer, if it is being watched and everything is known.
func (o *Observers) Offer(ctx context.Context, i record.Instance) (offer view.Offer, known bool) {
	cluster, err := o.clusters.Of(ctx, i)
	if err != nil {
		return view.Offer{}, false
	}
	o.mu.Lock()
	observer := o.observers[cluster].Observer
	o.mu.Unlock()
	if observer == nil || !observer.Synced() {
		return view.Offer{}, false
	}
	return observer.Offer(i.Namespace, i.PolicyGroup), true
}

// CatalogChanged ends the watches of clusters that were forgotten, since their plans'
// credentials are others now; whoever asks for them again begins new ones.
func (o *Observers) CatalogChanged() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for cluster, watch := range o.observers {
		if !o.clusters.Open(cluster) {
			watch.stop()
			delete(o.observers, cluster)
		}
	}
}
