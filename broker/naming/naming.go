package naming

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
)

// patience is how long a bind waits until its names are published, and how long an
// instance's cluster is looked for. It goes on without: they are published when they
// can be.
const patience = 2 * time.Second

// Naming publishes the names of instances that have live bindings. Every replica
// knows them, and the one that leads speaks.
type Naming struct {
	domain    names.Domain
	prefix    string // of the instances' namespaces
	clusters  *locate.Clusters
	records   *record.Store
	publisher *publish.Publisher
	log       lager.Logger

	seen      chan struct{}   // closed when all instances have been seen once
	again     chan struct{}   // holds one while instances are to be looked at again
	elsewhere map[string]bool // namespaces of instances made under another prefix; set by Run before anything else

	mu       sync.Mutex
	running  context.Context                // that watches end with; nil before Run; guarded by mu
	watchers map[*helmsvc.Cluster]*watching // guarded by mu
	added    map[string]known               // by namespace; guarded by mu
	unknown  map[string]unknown             // by namespace; guarded by mu
}

// known is a namespace whose names are published: whose it is, and what it is watched
// by.
type known struct {
	instance string
	cluster  *helmsvc.Cluster
}

// unknown is why the names of an instance's namespace can't be published.
type unknown struct {
	instance string
	err      error
}

// lookAgain is how often instances are looked at that couldn't be added, since their
// cluster couldn't be found, say.
const lookAgain = time.Minute

// New returns the naming of the records' instances, whose namespaces begin with the
// prefix; Run makes it work.
func New(domain names.Domain, prefix string, clusters *locate.Clusters, records *record.Store, publisher *publish.Publisher, log lager.Logger) (*Naming, error) {
	n := &Naming{domain: domain, prefix: prefix, clusters: clusters, records: records, publisher: publisher, log: log.Session("naming"), seen: make(chan struct{}), again: make(chan struct{}, 1)}
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
	n.begin(ctx)
	n.seeAll()
	close(n.seen)
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-n.again:
		}
		n.seeAll()
		n.tidy()
	}
}

// CatalogChanged is told when the charts have been read again: the credentials of a
// plan's cluster may be others. It doesn't wait.
func (n *Naming) CatalogChanged() {
	select {
	case n.again <- struct{}{}:
	default: // it looks again anyway
	}
}

func (n *Naming) begin(ctx context.Context) {
	elsewhere := map[string]bool{}
	for _, i := range n.records.Instances() {
		if !strings.HasPrefix(i.Namespace, n.prefix+"-") {
			elsewhere[i.Namespace] = true
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.elsewhere, n.running = elsewhere, ctx
	n.watchers, n.added, n.unknown = map[*helmsvc.Cluster]*watching{}, map[string]known{}, map[string]unknown{}
}

// seeAll sees all instances that there are, and those whose names are published.
func (n *Naming) seeAll() {
	all := map[string]bool{}
	for _, i := range n.records.Instances() {
		all[i.ID] = true
	}
	n.mu.Lock()
	for _, k := range n.added {
		all[k.instance] = true
	}
	n.mu.Unlock()
	for id := range all {
		n.see(id)
	}
}

// Lead publishes until ctx ends, and after that goes on until another replica is
// heard. What isn't known yet stays as the last one has published it.
func (n *Naming) Lead(ctx context.Context) {
	select {
	case <-n.seen:
	case <-ctx.Done():
		return
	}
	n.publisher.Lead()
	<-ctx.Done()
	n.publisher.Follow()
}

// Problem says why names aren't known or published right now.
func (n *Naming) Problem() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	problems := []error{n.publisher.Problem()}
	for _, w := range n.watchers {
		problems = append(problems, w.Problem())
	}
	if len(n.unknown) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(n.unknown)))
		problems = append(problems, fmt.Errorf("the names of %d namespaces aren't known, of %s say: %w", len(n.unknown), first, n.unknown[first].err))
	}
	return errors.Join(problems...)
}

// see has the names of an instance's namespace published if it has live bindings.
func (n *Naming) see(instanceID string) {
	i, err := n.records.Instance(instanceID)
	if err != nil || !slices.ContainsFunc(n.records.BindingsOf(instanceID), live) {
		n.remove(instanceID)
		return
	}
	n.mu.Lock()
	running := n.running
	n.mu.Unlock()
	if running == nil {
		return // Run will see it
	}
	// The records' watch waits for this, and so does whoever is to be seen next.
	ctx, cancel := context.WithTimeout(running, patience)
	defer cancel()
	if err := n.add(ctx, i); err != nil {
		n.log.Error("names-unknown", err, lager.Data{"instance-id": instanceID})
	}
}

// live tells whether an app may look for the binding's names.
func live(b record.Binding) bool {
	return b.ID != record.OwnAccess && (b.State == record.Waiting || b.State == record.Opening || b.State == record.Bound)
}

// add has the names of the instance's namespace published from now on, by what its
// cluster's credentials are now. These may have to be read from the records first, for
// which ctx is; the watch outlives it.
func (n *Naming) add(ctx context.Context, i record.Instance) error {
	cluster, err := n.clusters.Of(ctx, i)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running == nil {
		return nil // Run will see it
	}
	if err == nil {
		err = n.assign(i, cluster)
	}
	if _, watched := n.added[i.Namespace]; err != nil && !watched {
		n.unknown[i.Namespace] = unknown{i.ID, err}
		return err
	}
	delete(n.unknown, i.Namespace)
	return nil // one that is watched stays so by what it was: that may still do
}

// remove has no names of the instance published any more.
func (n *Naming) remove(instanceID string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for namespace, k := range n.added {
		if k.instance == instanceID {
			delete(n.added, namespace)
			n.watchers[k.cluster].Remove(namespace)
		}
	}
	for namespace, why := range n.unknown {
		if why.instance == instanceID {
			delete(n.unknown, namespace)
		}
	}
}

// Publish has the names of an instance that is about to be bound published, and waits
// for that, but not for long: without NATS, say, the bind goes on, and names are
// served when they can be.
func (n *Naming) Publish(ctx context.Context, i record.Instance) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := n.add(ctx, i)
	if err == nil {
		err = n.await(ctx, i)
	}
	if err != nil {
		n.log.Error("names-not-served-yet", err, lager.Data{"instance-id": i.ID, "namespace": i.Namespace})
	}
}

func (n *Naming) await(ctx context.Context, i record.Instance) error {
	n.mu.Lock()
	w := n.watchers[n.added[i.Namespace].cluster]
	n.mu.Unlock()
	if w == nil {
		return errors.New("the broker has just started, and doesn't know the names yet")
	}
	if err := w.Await(ctx); err != nil {
		return err
	}
	return n.publisher.Published(ctx)
}
