package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/binding"
	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/naming"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/register"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// Settings are the operator's choices.
type Settings struct {
	// Lease is held by the one replica that carries operations through.
	Lease Lease
	// AtOnce is how many operations run at once, those included that wait for
	// pods, or for a turn of the Cluster's; more stay in the queue. Spaces take turns,
	// and one has three quarters of them at most.
	AtOnce int
	// Meter tells of those that stay in the queue; nil: nothing does.
	Meter *fair.Meter
	// SyncWait is how long a request waits for the create or update that it has begun;
	// 0: not at all.
	SyncWait time.Duration
	// DeleteWait is how long one waits for its delete, of which Kubernetes takes
	// seconds for the namespace alone.
	DeleteWait time.Duration
	// NamespacePrefix begins the names of the instances' namespaces.
	NamespacePrefix string
}

// Rooms are those whose work a worker does.
type Rooms struct {
	Charts    *locate.Charts
	Clusters  *locate.Clusters
	Observers *locate.Observers
	Bindings  *binding.Bindings
	Instances *instance.Instances
	Operators *instance.Operators
	// Names are published by who leads; nil: there are none.
	Names *naming.Naming
	// Registration is kept by who leads; nil: the broker doesn't register itself.
	Registration *register.Keeper
}

// Worker carries operations through while its replica leads.
type Worker struct {
	Rooms
	settings Settings
	records  *record.Store
	access   *access.Access
	follower *access.Follower
	rounds   *access.Rounds
	log      lager.Logger
	leading  atomic.Bool
	awaited  awaited

	operations queue[string]    // by instance id
	bindings   queue[bindingID] // that were put off
	following  queue[string]    // by instance id

	operating running[string]
	making    running[bindingID]
}

// bindingID names a binding.
type bindingID struct{ instance, id string }

// New returns a worker; Run makes it work.
func New(settings Settings, rooms Rooms, policies *access.Access, records *record.Store, log lager.Logger) (*Worker, error) {
	w := &Worker{Rooms: rooms, settings: settings, access: policies, records: records, log: log.Session("worker")}
	w.awaited = awaited{waiting: map[string]map[chan struct{}]bool{}, ended: make(chan struct{})}
	w.operations.do, w.bindings.do, w.following.do = w.operate, w.complete, w.follow
	w.operations.places, w.operations.tenant = fair.NewSemaphore(settings.AtOnce).Metered(settings.Meter), w.tenant
	w.follower = access.NewFollower(policies, rooms.Clusters, rooms.Observers, w.following.add)
	w.rounds = access.NewRounds(w.follower)
	return w, errors.Join(records.OnInstance(w.instanceChanged), records.OnBinding(w.bindingChanged))
}

// Run carries operations through whenever this replica holds the Lease, until
// ctx ends, and returns when nothing is being written any more. Whatever is
// then unfinished is finished by the replica that leads next: the records say
// what is owed.
func (w *Worker) Run(ctx context.Context) {
	if !cache.WaitForCacheSync(ctx.Done(), w.records.Synced) {
		return
	}
	if err := w.settings.Lease.hold(ctx, w.log, w.lead); err != nil {
		w.log.Error("lease", err)
	}
}

// Leads tells whether this replica holds the Lease.
func (w *Worker) Leads() bool { return w.leading.Load() }

// CatalogChanged is told when the charts have been read again.
func (w *Worker) CatalogChanged(ctx context.Context) {
	if w.Leads() {
		w.tidyCharts(ctx)
	}
	w.Clusters.Forget()
	w.Observers.CatalogChanged()
	w.followAll() // plans say what bindings open
	w.Operators.CatalogChanged()
	if w.Names != nil {
		w.Names.CatalogChanged()
	}
	if w.Registration != nil {
		w.Registration.Changed()
	}
}

func (w *Worker) followAll() {
	for _, id := range w.instanceIDs() {
		w.following.add(id)
	}
}

func (w *Worker) tidyCharts(ctx context.Context) {
	if err := w.Charts.Tidy(ctx); err != nil {
		w.log.Error("forgetting-charts", err)
	}
}

// lead works until ctx ends.
func (w *Worker) lead(ctx context.Context) {
	w.log.Info("leading", lager.Data{"replica": w.settings.Lease.Lock.Identity()})
	w.leading.Store(true)
	defer w.leading.Store(false)
	defer w.Charts.Lead()()
	w.tidyCharts(ctx)
	w.Operators.Begin()
	var working sync.WaitGroup
	working.Go(func() { w.Operators.Run(ctx) })
	working.Go(func() { w.operations.run(ctx, 0, w.operationsOwed) })
	working.Go(func() { w.bindings.run(ctx, 0, w.bindingsPutOff) })
	if w.access.Enforced() {
		w.follower.Begin()
		defer w.follower.End()
		working.Go(func() { w.following.run(ctx, 1, w.instanceIDs) })
	}
	working.Go(func() { w.rounds.Run(ctx) })
	if w.Names != nil {
		working.Go(func() { w.Names.Lead(ctx) })
	}
	if w.Registration != nil {
		working.Go(func() { w.Registration.Lead(ctx) })
	}
	working.Wait()
	w.log.Info("leading-no-longer", lager.Data{"cause": context.Cause(ctx).Error()})
}

func (w *Worker) instanceIDs() (all []string) {
	for _, i := range w.records.Instances() {
		all = append(all, i.ID)
	}
	return all
}

// operationsOwed are the instances with an operation that is to be carried through.
func (w *Worker) operationsOwed() (all []string) {
	for _, i := range w.records.Instances() {
		if i.Operation.Running() {
			all = append(all, i.ID)
		}
	}
	return all
}

// tenant is who takes turns for the instance; one that isn't known any more has nothing
// to be done.
func (w *Worker) tenant(id string) string {
	i, err := w.records.Instance(id)
	if err != nil {
		return ""
	}
	return locate.Tenant(i)
}

func (w *Worker) bindingsPutOff() (all []bindingID) {
	for _, each := range w.records.Bindings() {
		for _, b := range each {
			if access.Later(b) {
				all = append(all, bindingID{b.InstanceID, b.ID})
			}
		}
	}
	return all
}

// operate carries an instance's operation through, if one is running.
func (w *Worker) operate(ctx context.Context, id string) (next retryable.Again) {
	ctx = locate.ForSpace(ctx, w.records, id)
	superseded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := w.operating.begin(id, cancel)
	defer func() { end(next.Wanted) }()
	return w.Instances.Process(ctx, superseded, id, func(operation string) (putOff bool) { return w.operating.is(id, operation) })
}

// complete makes a binding that was put off.
func (w *Worker) complete(ctx context.Context, b bindingID) retryable.Again {
	wanted, cancel := context.WithCancelCause(locate.ForSpace(ctx, w.records, b.instance))
	defer cancel(nil)
	defer w.making.begin(b, cancel)(false)
	return w.Bindings.Complete(wanted, b.instance, b.id)
}

// follow has what the instance's bindings open follow its pods and settings.
func (w *Worker) follow(ctx context.Context, id string) retryable.Again {
	err := w.follower.Follow(ctx, id)
	return retryable.Again{Wanted: err != nil && ctx.Err() == nil}
}

// instanceChanged is told of every change of an instance's record. A newer
// operation ends the one that is being carried through: a delete cancels a create.
// Other changes are an operation's own: one that is put off keeps its time.
func (w *Worker) instanceChanged(id string, before, now *record.Instance) {
	w.following.add(id)
	w.awaited.wake(id)
	switch {
	case now == nil:
		w.operating.cancel(id, instance.ErrSuperseded, "")
		return
	case w.Instances.Abandoned(*now):
		go w.Instances.PutDown(context.Background(), *now, func() bool { return w.operating.has(id) })
	}
	if before == nil || before.Operation.ID != now.Operation.ID {
		w.operating.cancel(id, instance.ErrSuperseded, now.Operation.ID)
		w.operations.addNew(id)
	}
}

// bindingChanged is told of every change of a binding's record. One that is
// revoked meanwhile isn't waited for any longer; other changes are the making's own,
// which goes on until it has closed what it couldn't make. A binding may have been
// made by a replica with other settings, or another catalog.
func (w *Worker) bindingChanged(instanceID, id string, now *record.Binding) {
	b := bindingID{instanceID, id}
	switch {
	case now == nil:
		w.making.cancel(b, instance.ErrSuperseded, "any")
	case now.State == record.Revoking:
		w.making.cancel(b, instance.ErrSuperseded, "any")
		w.access.AskRound()
	case now.Operator != nil:
		w.followAll() // some may use it
	case now.State == record.Bound:
		w.following.add(instanceID)
	case access.Later(*now):
		w.bindings.add(b) // which looks once more if it is at it
	}
}
