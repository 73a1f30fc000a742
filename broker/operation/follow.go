package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// follower has policies follow the pods: a port that an instance begins to
// offer is opened to the apps that are bound to it. What it stops offering is
// closed after an update only: pods come and go by themselves, and a policy
// that went with them would be missed when they are back.
type follower struct {
	*Engine
	queue workqueue.TypedRateLimitingInterface[string] // nil unless this replica leads; guarded by mu

	mu        sync.Mutex
	observers map[string]*helmsvc.Observer // by cluster's id; guarded by mu
	elsewhere map[string]string            // ids of instances made under another prefix, by namespace; guarded by mu
}

func newFollower(e *Engine) *follower { return &follower{Engine: e} }

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	if f.policies == nil {
		return
	}
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](200*time.Millisecond, 30*time.Second))
	f.mu.Lock()
	f.queue, f.observers, f.elsewhere = queue, map[string]*helmsvc.Observer{}, map[string]string{}
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

// follow aligns what the instance's bindings open with what its pods offer now.
func (f *follower) follow(ctx context.Context, id string) error {
	i, err := f.records.Instance(id)
	if err != nil || i.Operation.Type == record.Delete || i.PolicyGroup == "" {
		return err
	}
	offer, err := f.offer(ctx, i)
	if err != nil {
		return err
	}
	if i.Unaligned && !i.Operation.Running() {
		return f.alignExactly(ctx, i)
	}
	if offer.Pods == 0 {
		return nil
	}
	opens, err := f.opensBy(ctx, i)
	if err != nil {
		return err
	}
	for _, b := range f.records.BindingsOf(id) {
		wanted := slices.Concat(b.Policies, uncovered(f.wantedBy(b, i, offer, opens), b.Policies))
		if err := f.alignOne(ctx, b, wanted); err != nil {
			return err
		}
	}
	return nil
}

// alignExactly aligns the bindings after an update, and notes that it is done.
func (f *follower) alignExactly(ctx context.Context, i record.Instance) error {
	cluster, err := f.clusters.of(ctx, i)
	if err != nil {
		return err
	}
	view, err := cluster.View(ctx, i.Namespace)
	if err != nil {
		return err
	}
	opens, err := f.opensBy(ctx, i)
	if err != nil {
		return err
	}
	for _, b := range f.records.BindingsOf(i.ID) {
		if b.ID == record.OwnAccess {
			continue // what it opens leads from the instance to itself
		}
		wanted := f.wantedBy(b, i, helmsvc.Offer{Endpoints: view.Endpoints}, opens)
		if err := f.alignOne(ctx, b, wanted); err != nil {
			return err
		}
	}
	if i, err = f.records.LiveInstance(ctx, i.ID); err != nil || !i.Unaligned || i.Operation.Running() {
		return err
	}
	i.Unaligned = false
	_, err = f.records.UpdateInstance(ctx, i)
	return err
}

// opensBy is what of an instance's ports its plan lets binds open.
func (f *follower) opensBy(ctx context.Context, i record.Instance) (chart.Plan, error) {
	_, plan, err := f.charts.of(ctx, i.Chart, i.PlanID)
	return plan, err
}

// wantedBy is what a binding has to open, given what the instance offers.
func (f *follower) wantedBy(b record.Binding, i record.Instance, offer helmsvc.Offer, plan chart.Plan) []policy.Policy {
	if b.ID == record.OwnAccess {
		groups := append(slices.Clone(offer.Groups), i.PolicyGroup)
		slices.Sort(groups)
		return f.ownPolicies(slices.Compact(groups))
	}
	var open []helmsvc.Endpoint
	for _, e := range offer.Endpoints {
		if plan.Opens(e.Port, e.Protocol) {
			open = append(open, e)
		}
	}
	shared := slices.DeleteFunc(slices.Clone(b.Policies), func(p policy.Policy) bool { return !slices.Contains(b.SharedGroups, p.Destination.ID) })
	return policy.Merged(slices.Concat(policiesTo(b.AppGUID, i.PolicyGroup, open), shared))
}

// uncovered are the wanted policies that none of the others makes needless.
func uncovered(wanted, others []policy.Policy) []policy.Policy {
	return slices.DeleteFunc(slices.Clone(wanted), func(w policy.Policy) bool {
		return slices.ContainsFunc(others, func(o policy.Policy) bool { return o.Covers(w) })
	})
}

// alignOne is align for a binding that was read from the cache. The lock is
// taken only where there is something to do.
func (f *follower) alignOne(ctx context.Context, b record.Binding, wanted []policy.Policy) error {
	if b.State != record.Bound || !f.opens(b) && b.ID != record.OwnAccess || policy.Same(b.Policies, wanted) {
		return nil
	}
	unlock, err := f.access.acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.align(ctx, b, wanted); err != nil {
		return err
	}
	f.log.Info("followed-pods", bindingData(b))
	return nil
}

// offer is what the instance's pods offer now.
func (f *follower) offer(ctx context.Context, i record.Instance) (helmsvc.Offer, error) {
	observer, err := f.observer(ctx, i)
	if err != nil {
		return helmsvc.Offer{}, err
	}
	if !observer.Synced() {
		return helmsvc.Offer{}, errUnsynced
	}
	return observer.Offer(i.Namespace, i.PolicyGroup), nil
}

// observer watches the instance's cluster for as long as this replica leads.
func (f *follower) observer(ctx context.Context, i record.Instance) (*helmsvc.Observer, error) {
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

// stale counts the bindings that were issued an address which no pod has any
// more. It knows nothing of clusters that haven't been listed yet.
func (f *follower) stale(bound []record.Binding) int {
	count := 0
	for _, b := range bound {
		i, err := f.records.Instance(b.InstanceID)
		if err != nil || len(b.Hosts) == 0 {
			continue
		}
		f.mu.Lock()
		observer := f.observers[i.Cluster]
		f.mu.Unlock()
		if observer == nil || !observer.Synced() {
			continue
		}
		hosts := observer.Offer(i.Namespace, i.PolicyGroup).Hosts
		if slices.ContainsFunc(b.Hosts, func(h string) bool { return !slices.Contains(hosts, h) }) {
			count++
		}
	}
	return count
}
