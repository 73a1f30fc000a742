package operation

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/lock"
	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Settings are the operator's choices.
type Settings struct {
	// NamespacePrefix begins every instance's namespace: "<prefix>-<id>".
	NamespacePrefix string
	// TimeLimit ends every operation on an instance, counted from its start.
	TimeLimit time.Duration
	// BindPatience is how long a bind waits for the first Ready pod.
	BindPatience time.Duration
	// RequestLimit is how long a request may take.
	RequestLimit time.Duration
	// SyncWait is how long a request waits for the operation that it has begun;
	// 0: not at all.
	SyncWait time.Duration
	// Workers is how many operations run at once, those included that wait for
	// pods, or for a turn of the Cluster's; more stay in the queue.
	Workers int
	// PolicyResync is the time between looks at the actual policies.
	PolicyResync time.Duration
	// Templates evaluates the charts' bind templates.
	Templates *bindtemplate.Evaluator
	// Texts renders the charts' plan files and addresses of dashboards.
	Texts *render.Texts
	// Operators returns the charts that are installed before any service, as
	// they are now.
	Operators func() []chart.Service
	// Lease is held by the one replica that carries operations through.
	Lease Lease
	// Destination is what the policies to new instances point to.
	Destination locate.Destination
	// WithinInstance lets the pods of one instance reach each other.
	WithinInstance bool
	// DNSGroup is the policy group of the cluster's DNS, which instances may
	// then ask; "" where their pods need no policy for that.
	DNSGroup string
	// Shared are services of the cluster that every bind opens to the app.
	Shared []chart.Destination
	// Placeholders makes and deletes the policy groups of ToApp; nil where no CF
	// API is configured.
	Placeholders policy.Placeholders
	// PoliciesPerBinding and PoliciesPerInstance are how many policies a binding,
	// unless its plan says, and all of an instance's bindings, may open; 0: any number.
	PoliciesPerBinding, PoliciesPerInstance int
	// OrganizationQuota and SpaceQuota are how many instances an organization,
	// and a space, may have; 0: any number.
	OrganizationQuota, SpaceQuota int
	// Connect opens the clusters of plans that have one of their own.
	Connect locate.Connect
}

// Engine carries operations through.
type Engine struct {
	settings  Settings
	charts    *locate.Charts
	clusters  *locate.Clusters
	records   *record.Store
	policies  policy.Enforcer // nil: policies are off
	follower  *follower
	operators operators
	awaited   awaited
	metrics   *measure.Metrics
	log       lager.Logger

	access  lock.Named   // by instance id: held while its policies change
	quotas  lock.Named   // by quota: held while an instance is counted in
	posting sync.RWMutex // held while recorded policies are posted again; for reading, while those of one instance are changed
	leading atomic.Bool
	binders sync.WaitGroup // that make bindings which were put off
	// unsettled holds a token when policies may have to be opened or closed.
	unsettled chan struct{}

	mu      sync.Mutex
	queue   workqueue.TypedRateLimitingInterface[task] // nil unless this replica leads; guarded by mu
	running map[string]*run                            // by instance id; guarded by mu, as are the runs
	waiting map[string]string                          // the operations to be tried again, by instance id; guarded by mu
	binding map[task]context.CancelFunc                // the bindings that are waited for; guarded by mu
}

// task is what the queue holds: an instance whose operation is to be carried
// through or, with a binding's id, a binding that is to be made.
type task struct{ instance, binding string }

// run is an operation that this process is carrying through.
type run struct {
	operation string // its id; until the record has been read that of the one put off
	read      bool   // the record has been read, and hadn't changed meanwhile
	stale     bool   // the record has changed since its reading began
	cancel    context.CancelCauseFunc
}

// New returns an engine; Run makes it work. policies is nil where policies
// are off; home is the cluster of plans without one of their own.
func New(settings Settings, catalog *chart.Live, records *record.Store, home *helmsvc.Cluster, policies policy.Enforcer, metrics *measure.Metrics, log lager.Logger) (*Engine, error) {
	charts := locate.NewCharts(catalog, records, settings.Texts)
	e := &Engine{
		settings:  settings,
		charts:    charts,
		clusters:  locate.NewClusters(home, settings.Connect, charts),
		records:   records,
		policies:  policies,
		metrics:   metrics,
		log:       log.Session("operation"),
		running:   map[string]*run{},
		waiting:   map[string]string{},
		binding:   map[task]context.CancelFunc{},
		unsettled: make(chan struct{}, 1),
		operators: operators{wanted: make(chan struct{}, 1)},
	}
	e.follower = newFollower(e)
	return e, errors.Join(records.OnInstance(e.changed), records.OnBinding(e.bindingChanged), records.OnBinding(e.follower.bindingChanged))
}

// Run carries operations through whenever this replica holds the Lease, until
// ctx ends, and returns when nothing is being written any more. Whatever is
// then unfinished is finished by the replica that leads next: the records say
// what is owed.
func (e *Engine) Run(ctx context.Context) {
	if !cache.WaitForCacheSync(ctx.Done(), e.records.Synced) {
		return
	}
	if err := e.settings.Lease.hold(ctx, e.log, e.lead); err != nil {
		e.log.Error("lease", err)
	}
}

// CatalogChanged is told when the charts have been read again.
func (e *Engine) CatalogChanged(ctx context.Context) {
	e.tidyCharts(ctx)
	e.clusters.Forget()
	e.follower.wantsAll() // plans say what bindings open
	select {
	case e.operators.wanted <- struct{}{}:
	default: // they will be looked at anyway
	}
}

func (e *Engine) tidyCharts(ctx context.Context) {
	if err := e.charts.Tidy(ctx); err != nil {
		e.log.Error("forgetting-charts", err)
	}
}

// Leads tells whether this replica holds the Lease.
func (e *Engine) Leads() bool { return e.leading.Load() }

// lead works off the queue until ctx ends.
func (e *Engine) lead(ctx context.Context) {
	e.log.Info("leading", lager.Data{"replica": e.settings.Lease.Lock.Identity()})
	e.leading.Store(true)
	defer e.leading.Store(false)
	e.tidyCharts(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { e.reconcile(ctx) })
	workers.Go(func() { e.follower.run(ctx) })
	e.operators.begin()
	workers.Go(func() {
		e.installOperators(ctx)
		e.operators.end()
		e.followOperators(ctx)
	})
	queue := e.openQueue()
	for range e.settings.Workers {
		workers.Go(func() {
			for e.next(ctx, queue) {
			}
		})
	}
	<-ctx.Done()
	e.shutQueue(queue)
	workers.Wait()
	e.binders.Wait()
	e.log.Info("leading-no-longer", lager.Data{"cause": context.Cause(ctx).Error()})
}

// openQueue makes a queue that holds everything that is owed.
func (e *Engine) openQueue() workqueue.TypedRateLimitingInterface[task] {
	queue := workqueue.NewTypedRateLimitingQueue(pauses())
	e.mu.Lock()
	e.queue = queue
	e.waiting = map[string]string{}
	e.mu.Unlock()
	// What changes from now on is queued by the watch.
	for _, i := range e.records.Instances() {
		queue.Add(task{instance: i.ID})
	}
	bindings := e.records.Bindings()
	for _, b := range slices.Concat(bindings[record.Waiting], bindings[record.Opening]) {
		queue.Add(task{instance: b.InstanceID, binding: b.ID})
	}
	return queue
}

// pauses are those between attempts.
func pauses() workqueue.TypedRateLimiter[task] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[task](500*time.Millisecond, 30*time.Second)
}

func (e *Engine) shutQueue(queue workqueue.TypedRateLimitingInterface[task]) {
	e.mu.Lock()
	e.queue = nil
	e.mu.Unlock()
	queue.ShutDown()
}

func (e *Engine) next(ctx context.Context, queue workqueue.TypedRateLimitingInterface[task]) bool {
	t, shutdown := queue.Get()
	switch {
	case shutdown:
		return false
	case t.binding != "":
		// It mostly waits for a pod, and must not keep an operation from a worker.
		e.binders.Go(func() { e.perform(ctx, queue, t) })
	default:
		e.perform(ctx, queue, t)
	}
	return true
}

func (e *Engine) perform(ctx context.Context, queue workqueue.TypedRateLimitingInterface[task], t task) {
	defer queue.Done(t)
	next := e.work(ctx, t)
	if !next.wanted {
		queue.Forget(t)
		return
	}
	next.put(queue, t)
}

// again tells whether a task has to be taken up again later, and when it has to
// end: a pause doesn't run past that. end is zero where that isn't known, or past
// already: then the pauses are what keeps it from spinning.
type again struct {
	wanted bool
	end    time.Time
}

// againBy is another attempt, before end if that is still to come.
func againBy(end time.Time) again {
	if !time.Now().Before(end) {
		end = time.Time{}
	}
	return again{wanted: true, end: end}
}

// put has the task come back after a pause.
func (a again) put(queue workqueue.TypedRateLimitingInterface[task], t task) {
	queue.AddRateLimited(t)
	if !a.end.IsZero() {
		// Of two times for one task the queue takes the earlier.
		queue.AddAfter(t, time.Until(a.end))
	}
}

func (e *Engine) work(ctx context.Context, t task) again {
	ctx = locate.ForSpace(ctx, e.records, t.instance)
	if t.binding != "" {
		return e.completeBind(ctx, t)
	}
	return e.process(ctx, t.instance)
}

// changed is told of every change of an instance's record. A newer operation
// ends the one that is being carried through: a delete cancels a create.
func (e *Engine) changed(id string) {
	current, err := e.records.Instance(id)
	e.follower.wants(id)
	e.awaited.wake(id)
	if err == nil {
		e.lives(current)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	working, runs := e.running[id]
	waiting, waits := e.waiting[id]
	switch {
	case runs && !working.read:
		working.stale = true
		return
	case runs && err == nil && working.operation == current.Operation.ID:
		return // its own progress
	case runs:
		working.cancel(errSuperseded)
	case err == nil && waits && waiting == current.Operation.ID:
		return // it has its time
	}
	if e.queue == nil {
		return // another replica sees it too
	}
	delete(e.waiting, id)
	e.queue.Add(task{instance: id})
}

// take notes that this process works on the instance and returns its record,
// read live, and whether this process has put its operation off before. From then
// on a newer operation ends ctx.
func (e *Engine) take(ctx context.Context, id string, cancel context.CancelCauseFunc) (instance record.Instance, putOff bool, err error) {
	e.mu.Lock()
	waited, waits := e.waiting[id]
	working := &run{cancel: cancel, stale: true, operation: waited}
	e.running[id] = working
	delete(e.waiting, id)
	e.mu.Unlock()
	for {
		e.mu.Lock()
		working.stale = false
		e.mu.Unlock()
		instance, err := e.records.LiveInstance(ctx, id)
		if err != nil {
			return record.Instance{}, false, err
		}
		e.mu.Lock()
		working.operation, working.read = instance.Operation.ID, !working.stale
		e.mu.Unlock()
		if working.read {
			return instance, waits && waited == instance.Operation.ID, nil
		}
	}
}

// release ends take. An operation that is to be tried again waits for its
// time: its own changes of the record don't bring it forward.
func (e *Engine) release(id string, again bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if working := e.running[id]; again && working != nil {
		e.waiting[id] = working.operation
	}
	delete(e.running, id)
}
