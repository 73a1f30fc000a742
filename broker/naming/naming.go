package naming

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/names/watch"
)

// patience is how long a bind waits until its names are published. It goes on
// without: they are published when they can be.
const patience = 2 * time.Second

// leadPatience is how long a replica that begins to lead waits for clusters that
// don't answer. Without a word the names of all others would be gone after 3 min.
const leadPatience = time.Minute

// Naming publishes the names of instances that have live bindings. Every replica
// knows them, and the one that leads speaks.
type Naming struct {
	domain    names.Domain
	prefix    string // of the instances' namespaces
	clusters  *locate.Clusters
	records   *record.Store
	publisher *publish.Publisher
	log       lager.Logger

	seen     chan struct{}   // closed when all instances have been seen once
	running  context.Context // that watches end with; set by Run before anything else
	mu       sync.Mutex
	watchers map[string]*watch.Watcher // by cluster's id; nil before Run; guarded by mu
	added    map[string]string         // the clusters' ids, by namespace; guarded by mu
}

// New returns the naming of the records' instances, whose namespaces begin with the
// prefix; Run makes it work.
func New(domain names.Domain, prefix string, clusters *locate.Clusters, records *record.Store, publisher *publish.Publisher, log lager.Logger) (*Naming, error) {
	n := &Naming{domain: domain, prefix: prefix, clusters: clusters, records: records, publisher: publisher, log: log.Session("naming"), seen: make(chan struct{})}
	return n, records.OnBinding(func(instanceID, _ string, _ *record.Binding) { n.see(instanceID) })
}

// Owns tells whether a name is one that only brokers with this prefix publish.
func Owns(domain names.Domain, prefix string) func(name string) bool {
	return func(name string) bool {
		within, found := strings.CutSuffix(name, ".svc."+string(domain))
		return found && strings.HasPrefix(within[strings.LastIndex(within, ".")+1:], prefix+"-")
	}
}

// Run watches the namespaces that have live bindings until ctx ends.
func (n *Naming) Run(ctx context.Context) {
	defer n.publisher.Close()
	if !cache.WaitForCacheSync(ctx.Done(), n.records.Synced) {
		return
	}
	n.mu.Lock()
	n.running, n.watchers, n.added = ctx, map[string]*watch.Watcher{}, map[string]string{}
	n.mu.Unlock()
	for _, i := range n.records.Instances() {
		n.see(i.ID)
	}
	close(n.seen)
	<-ctx.Done()
}

// Lead publishes until ctx ends, as soon as everything is known that there is to
// publish. After that it goes on until another replica is heard.
func (n *Naming) Lead(ctx context.Context) {
	select {
	case <-n.seen:
	case <-ctx.Done():
		return
	}
	known, cancel := context.WithTimeout(ctx, leadPatience)
	defer cancel()
	for _, w := range n.all() {
		if err := w.Await(known); err != nil && ctx.Err() == nil {
			n.log.Error("names-of-a-cluster-unknown", err)
		}
	}
	if ctx.Err() != nil {
		return // the next leader does it
	}
	n.publisher.Lead()
	<-ctx.Done()
	n.publisher.Follow()
}

func (n *Naming) all() (watchers []*watch.Watcher) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.watchers {
		watchers = append(watchers, w)
	}
	return watchers
}

// see has the names of an instance's namespace published if it has live bindings.
func (n *Naming) see(instanceID string) {
	i, err := n.records.Instance(instanceID)
	if err != nil {
		i.Namespace = n.prefix + "-" + instanceID // it is gone; of others nothing was added
	}
	if err == nil && slices.ContainsFunc(n.records.BindingsOf(instanceID), live) {
		err = n.add(i)
	} else {
		n.remove(i.Namespace)
		return
	}
	if err != nil {
		n.log.Error("names-unknown", err, lager.Data{"instance-id": instanceID})
	}
}

// live tells whether an app may look for the binding's names.
func live(b record.Binding) bool {
	return b.ID != record.OwnAccess && (b.State == record.Waiting || b.State == record.Opening || b.State == record.Bound)
}

// add has the names of the instance's namespace published from now on.
func (n *Naming) add(i record.Instance) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watchers == nil {
		return nil // Run will see it
	}
	if _, known := n.added[i.Namespace]; known {
		return nil
	}
	w, err := n.watcher(i)
	if err != nil {
		return err
	}
	w.Add(i.Namespace)
	n.added[i.Namespace] = i.Cluster
	return nil
}

// watcher is that of the instance's cluster. It wants mu held.
func (n *Naming) watcher(i record.Instance) (*watch.Watcher, error) {
	if w := n.watchers[i.Cluster]; w != nil {
		return w, nil
	}
	cluster, err := n.clusters.Of(n.running, i)
	if err != nil {
		return nil, err
	}
	mine := func(namespace string) bool { return strings.HasPrefix(namespace, n.prefix+"-") }
	w, err := watch.Start(n.running, cluster.Clients(), n.domain, mine, n.tell)
	if err != nil {
		return nil, fmt.Errorf("watching the Services of the instance's cluster: %w", err)
	}
	n.watchers[i.Cluster] = w
	return w, nil
}

func (n *Naming) tell(namespace string, records []names.Record, refused []error) {
	n.publisher.Set(namespace, records)
	if err := errors.Join(refused...); err != nil {
		n.log.Error("names-refused", err, lager.Data{"namespace": namespace})
	}
}

func (n *Naming) remove(namespace string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	cluster, known := n.added[namespace]
	if !known {
		return
	}
	delete(n.added, namespace)
	n.watchers[cluster].Remove(namespace)
}

// Publish has the names of an instance that is about to be bound published, and waits
// for that, but not for long: without NATS, say, the bind goes on, and names are
// served when they can be.
func (n *Naming) Publish(ctx context.Context, i record.Instance) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := n.add(i)
	if err == nil {
		err = n.await(ctx, i)
	}
	if err != nil {
		n.log.Error("names-not-served-yet", err, lager.Data{"instance-id": i.ID, "namespace": i.Namespace})
	}
}

func (n *Naming) await(ctx context.Context, i record.Instance) error {
	n.mu.Lock()
	w := n.watchers[i.Cluster]
	n.mu.Unlock()
	if w == nil {
		return errors.New("the broker has just started, and doesn't know the names yet")
	}
	if err := w.Await(ctx); err != nil {
		return err
	}
	return n.publisher.Published(ctx)
}
