package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// follower has policies follow the pods: a port that an instance begins to
// offer is opened to the apps that are bound to it. What it stops offering is
// closed after an update only: pods come and go by themselves, and a policy
// that went with them would be missed when they are back.
//
// It has them follow settings and plans, too, in both directions and at once.
// Replicas whose settings differ, as while one after the other is replaced,
// don't contend: only the one that leads follows.
type follower struct {
	*Engine
	limited map[string]string                            // why policies don't follow, by binding's id; of the one worker
	queue   workqueue.TypedRateLimitingInterface[string] // nil unless this replica leads; guarded by mu

	mu        sync.Mutex
	observers map[string]*view.Observer // by cluster's id; guarded by mu
	elsewhere map[string]string         // ids of instances made under another prefix, by namespace; guarded by mu
}

func newFollower(e *Engine) *follower { return &follower{Engine: e} }

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	if f.policies == nil {
		return
	}
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](200*time.Millisecond, 30*time.Second))
	f.mu.Lock()
	f.queue, f.observers, f.elsewhere = queue, map[string]*view.Observer{}, map[string]string{}
	for _, i := range f.records.Instances() {
		if _, current := f.idOf(i.Namespace); !current {
			f.elsewhere[i.Namespace] = i.ID
		}
		queue.Add(i.ID)
	}
	f.mu.Unlock()
	var worker sync.WaitGroup
	worker.Go(func() {
		for f.next(ctx, queue) {
		}
	})
	<-ctx.Done()
	f.mu.Lock()
	f.queue, f.observers = nil, nil
	f.mu.Unlock()
	queue.ShutDown()
	worker.Wait()
}

// wants asks for a look at the instance.
func (f *follower) wants(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queue != nil {
		f.queue.Add(id)
	}
}

// wantsAll asks for a look at all instances.
func (f *follower) wantsAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queue == nil {
		return
	}
	for _, i := range f.records.Instances() {
		f.queue.Add(i.ID)
	}
}

// bindingChanged is wants for the instance of a binding that may have been made
// by a replica with other settings, or another catalog.
func (f *follower) bindingChanged(instanceID, id string) {
	if b, err := f.records.Binding(instanceID, id); err == nil && b.State == record.Bound {
		f.wants(instanceID)
	}
}

// namespaceChanged is wants for the instance that lives in the namespace.
func (f *follower) namespaceChanged(namespace string) {
	if id, found := f.find(namespace); found {
		f.wants(id)
	}
}

// find returns the id of the instance that the namespace may be of.
func (f *follower) find(namespace string) (id string, found bool) {
	if id, found = f.idOf(namespace); found {
		return id, true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	id, found = f.elsewhere[namespace]
	return id, found
}

// idOf takes the name of a namespace apart.
func (f *follower) idOf(namespace string) (id string, found bool) {
	return strings.CutPrefix(namespace, f.settings.NamespacePrefix+"-")
}

func (f *follower) next(ctx context.Context, queue workqueue.TypedRateLimitingInterface[string]) bool {
	id, shutdown := queue.Get()
	if shutdown {
		return false
	}
	defer queue.Done(id)
	err := f.follow(ctx, id)
	if err == nil || errors.Is(err, record.ErrNotFound) || ctx.Err() != nil {
		queue.Forget(id)
		return true
	}
	if !errors.Is(err, record.ErrConflict) && !errors.Is(err, errUnsynced) {
		f.log.Error("following-pods", err)
	}
	queue.AddRateLimited(id)
	return true
}

// errUnsynced says that nothing is known of a cluster yet.
var errUnsynced = errors.New("the cluster's pods haven't been listed yet")

// follow aligns what the instance's bindings open with what its pods offer, and
// what settings and the catalog say, now. Settings hold also while the cluster
// can't be asked.
func (f *follower) follow(ctx context.Context, id string) error {
	i, err := f.records.Instance(id)
	if err != nil || i.Operation.Type == record.Delete || i.PolicyGroup == "" {
		return err
	}
	ctx = fair.WithTenant(ctx, tenantOf(i))
	if err := f.keepOwn(ctx, i); err != nil {
		return err
	}
	offer, unknown := f.offer(ctx, i)
	to := pods{group: i.PolicyGroup, former: i.FormerGroups, endpoints: offer.Endpoints}
	if unknown == nil && i.Unaligned && !i.Operation.Running() {
		to.endpoints, unknown = f.liveEndpoints(ctx, i)
		to.all = unknown == nil
	}
	for _, b := range f.records.BindingsOf(id) {
		if err := f.alignOne(ctx, i, b, to, offer.Groups); err != nil {
			return err
		}
	}
	if to.all {
		return f.aligned(ctx, id)
	}
	return unknown
}

// keepOwn makes the record of an instance's own access where settings want some
// that wanted none when the instance was made.
func (f *follower) keepOwn(ctx context.Context, i record.Instance) error {
	if !f.wantsOwn(i) || !i.Usable() || i.Operation.Running() || i.Kibosh {
		return nil
	}
	if _, err := f.records.Binding(i.ID, record.OwnAccess); !errors.Is(err, record.ErrNotFound) {
		return err
	}
	own, err := f.ownRecord(ctx, i)
	if err != nil {
		return err
	}
	// A delete lists the bindings after it has been recorded: one of the two
	// sees the other.
	live, err := f.records.LiveInstance(ctx, i.ID)
	if errors.Is(err, record.ErrNotFound) || err == nil && live.Operation.Type == record.Delete {
		return f.revoke(ctx, own, unbinding)
	}
	return err // what it opens is aligned when the record is seen
}

// liveEndpoints are those of the instance's pods as they are now: after an
// update, what was seen by a watch may be older.
func (f *follower) liveEndpoints(ctx context.Context, i record.Instance) ([]view.Endpoint, error) {
	cluster, err := f.clusters.of(ctx, i)
	if err != nil {
		return nil, err
	}
	offered, err := cluster.View(ctx, i.Namespace)
	return offered.Endpoints, err
}

// aligned notes that the bindings open what is offered since the last update.
func (f *follower) aligned(ctx context.Context, id string) error {
	i, err := f.records.LiveInstance(ctx, id)
	if err != nil || !i.Unaligned || i.Operation.Running() {
		return err
	}
	i.Unaligned = false
	_, err = f.records.UpdateInstance(ctx, i)
	return err
}

// alignOne is align for a binding that was read from the cache. The lock is
// taken only where there is something to do.
func (f *follower) alignOne(ctx context.Context, i record.Instance, b record.Binding, to pods, groups []string) error {
	if b.State != record.Bound || !f.opens(b) && b.ID != record.OwnAccess {
		return nil
	}
	wanted, err := f.needOf(ctx, i, b, to, groups)
	if err != nil || wanted.metBy(b) {
		return err
	}
	unlock, err := f.access.acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.align(ctx, b, wanted); err != nil {
		return err
	}
	f.log.Info("followed", bindingData(b))
	return nil
}

// needOf is what the binding has to open. groups are those that the instance's
// pods are in.
func (f *follower) needOf(ctx context.Context, i record.Instance, b record.Binding, to pods, groups []string) (need, error) {
	if b.ID == record.OwnAccess {
		return f.ownNeed(b, distinct(slices.Concat(groups, i.FormerGroups, []string{i.PolicyGroup}))), nil
	}
	_, plan, err := f.charts.of(ctx, i.Chart, i.PlanID)
	if err != nil {
		return need{}, err
	}
	to.endpoints = slices.DeleteFunc(slices.Clone(to.endpoints), func(e view.Endpoint) bool { return !plan.Opens(e.Port, e.Protocol) })
	wanted := bindingNeed(b, to, f.sharedNeed(b, i, plan))
	if err := f.policyLimit(b, plan, policy.Unique(wanted.policies)); err != nil {
		wanted = wanted.held(b.Policies)
		f.sayOnce(b, err)
		return wanted, nil
	}
	delete(f.limited, b.ID)
	return wanted, nil
}

// sayOnce logs what keeps a binding's policies from following, but not the same
// again and again.
func (f *follower) sayOnce(b record.Binding, why error) {
	if f.limited[b.ID] == why.Error() {
		return
	}
	if f.limited == nil {
		f.limited = map[string]string{}
	}
	f.limited[b.ID] = why.Error()
	f.log.Error("policies-limited", why, bindingData(b), lager.Data{"meaning": "what is open stays open, and nothing more is opened to the instance's pods"})
}

// offer is what the instance's pods offer now.
func (f *follower) offer(ctx context.Context, i record.Instance) (view.Offer, error) {
	observer, err := f.observer(ctx, i)
	if err != nil {
		return view.Offer{}, err
	}
	if !observer.Synced() {
		return view.Offer{}, errUnsynced
	}
	return observer.Offer(i.Namespace, i.PolicyGroup), nil
}

// observer watches the instance's cluster for as long as this replica leads.
func (f *follower) observer(ctx context.Context, i record.Instance) (*view.Observer, error) {
	f.mu.Lock()
	observer := f.observers[i.Cluster]
	f.mu.Unlock()
	if observer != nil {
		return observer, nil
	}
	cluster, err := f.clusters.of(ctx, i)
	if err != nil {
		return nil, err
	}
	mine := func(namespace string) bool { _, found := f.find(namespace); return found }
	if observer, err = cluster.Observe(ctx, mine, f.namespaceChanged); err != nil {
		return nil, fmt.Errorf("watching the pods of the instances: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.observers == nil {
		return nil, context.Canceled // the term has ended
	}
	f.observers[i.Cluster] = observer
	return observer, nil
}
