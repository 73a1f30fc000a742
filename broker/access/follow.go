package access

import (
	"context"
	"errors"
	"slices"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Follower has policies follow the pods: a port that an instance begins to
// offer is opened to the apps that are bound to it. What it stops offering is
// closed after an update only: pods come and go by themselves, and a policy
// that went with them would be missed when they are back.
//
// It has them follow settings and plans, too, in both directions and at once.
// Replicas whose settings differ, as while one after the other is replaced,
// don't contend: only the one that leads follows.
type Follower struct {
	*Access
	clusters  *locate.Clusters
	observers *locate.Observers
	changed   func(instanceID string) // is told of each change of the pods of an instance
	limited   map[string]string       // why policies don't follow, by instance and binding; of the one worker
	hosts     map[string][]string     // the addresses of pods, by instance's id; of the one worker
}

// NewFollower returns a follower that tells changed which instances to follow.
func NewFollower(access *Access, clusters *locate.Clusters, observers *locate.Observers, changed func(instanceID string)) *Follower {
	return &Follower{Access: access, clusters: clusters, observers: observers, changed: changed}
}

// Begin prepares for following, until End.
func (f *Follower) Begin() { f.observers.Begin(f.changed) }

// End forgets what was watched.
func (f *Follower) End() { f.observers.End() }

// errUnsynced says that nothing is known of a cluster yet.
var errUnsynced = errors.New("the cluster's pods haven't been listed yet")

// Follow has the instance's bindings open what its pods offer, and what settings
// and the catalog say, now. Settings hold also while the cluster can't be asked. An
// error means that it has to be followed again.
func (f *Follower) Follow(ctx context.Context, id string) error {
	err := f.follow(ctx, id)
	if err != nil && ctx.Err() == nil && !errors.Is(err, record.ErrConflict) && !errors.Is(err, errUnsynced) {
		f.log.Error("following-pods", err, lager.Data{"instance-id": id})
	}
	return err
}

func (f *Follower) follow(ctx context.Context, id string) error {
	i, err := f.records.Instance(id)
	if errors.Is(err, record.ErrNotFound) {
		delete(f.hosts, id)
		return nil
	}
	if err != nil || i.Operation.Type == record.Delete || i.PolicyGroup == "" {
		return err
	}
	ctx = fair.WithTenant(ctx, locate.Tenant(i))
	if err := f.keepOwn(ctx, i); err != nil {
		return err
	}
	offer, unknown := f.offer(ctx, i)
	f.followAddresses(id, offer)
	to := pods{group: i.PolicyGroup, former: i.FormerGroups, endpoints: offer.Endpoints}
	if unknown == nil && i.Unaligned && !i.Operation.Running() {
		to.endpoints, unknown = f.liveEndpoints(ctx, i)
		to.all = unknown == nil
	}
	if err := f.align(ctx, i, to, offer.Groups); err != nil {
		return err
	}
	if to.all {
		return f.aligned(ctx, id)
	}
	return unknown
}

// followAddresses asks for a round when the instance's pods have other addresses than
// before.
func (f *Follower) followAddresses(id string, offer view.Offer) {
	if !f.settings.FollowAddresses || slices.Equal(f.hosts[id], offer.Hosts) {
		return
	}
	if f.hosts == nil {
		f.hosts = map[string][]string{}
	}
	f.hosts[id] = offer.Hosts
	f.AskRound()
}

// align has all bindings of the instance open what they need, and tells its nodes once.
func (f *Follower) align(ctx context.Context, i record.Instance, to pods, groups []string) error {
	var last *record.Binding // that has changed
	defer func() {
		if last != nil {
			f.mark(ctx, *last)
		}
	}()
	for _, b := range f.records.BindingsOf(i.ID) {
		changed, err := f.alignOne(ctx, i, b, to, groups)
		if changed {
			last = &b
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepOwn makes the record of an instance's own access where settings want some
// that wanted none when the instance was made.
func (f *Follower) keepOwn(ctx context.Context, i record.Instance) error {
	if !f.WantsOwn(i) || !i.Usable() || i.Operation.Running() || i.Kibosh {
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
		return f.Revoke(ctx, own)
	}
	return err // what it opens is aligned when the record is seen
}

// liveEndpoints are those of the instance's pods as they are now: after an
// update, what was seen by a watch may be older.
func (f *Follower) liveEndpoints(ctx context.Context, i record.Instance) ([]view.Endpoint, error) {
	cluster, err := f.clusters.Of(ctx, i)
	if err != nil {
		return nil, err
	}
	offered, err := cluster.View(ctx, i.Namespace)
	return offered.Endpoints, err
}

// aligned notes that the bindings open what is offered since the last update.
func (f *Follower) aligned(ctx context.Context, id string) error {
	i, err := f.records.LiveInstance(ctx, id)
	if err != nil || !i.Unaligned || i.Operation.Running() {
		return err
	}
	i.Unaligned = false
	_, err = f.records.UpdateInstance(ctx, i)
	return err
}

// alignOne is align for a binding that was read from the cache; changed: its policies
// may be others now. The lock is taken only where there is something to do.
func (f *Follower) alignOne(ctx context.Context, i record.Instance, b record.Binding, to pods, groups []string) (changed bool, err error) {
	if b.State != record.Bound || !f.Opens(b) && b.ID != record.OwnAccess {
		return false, nil
	}
	wanted, err := f.needOf(ctx, i, b, to, groups)
	if err != nil || wanted.metBy(b) {
		return false, err
	}
	unlock, err := f.Hold(ctx, b.InstanceID)
	if err != nil {
		return false, err
	}
	defer unlock()
	if err := f.follows(ctx, b, wanted); err != nil {
		return true, err
	}
	f.log.Info("followed", bindingData(b))
	return true, nil
}

// needOf is what the binding has to open. groups are those that the instance's
// pods are in.
func (f *Follower) needOf(ctx context.Context, i record.Instance, b record.Binding, to pods, groups []string) (need, error) {
	if b.ID == record.OwnAccess {
		var operators []string
		// The instance may have been read before what has opened the way to operators.
		if i, err := f.records.Instance(i.ID); err == nil {
			operators = f.operatorsOf(i, b.SharedGroups)
		}
		wanted, err := f.ownWithinLimit(b, distinct(slices.Concat(groups, i.FormerGroups, []string{i.PolicyGroup})), operators)
		f.sayOnce(b, err)
		return wanted, nil
	}
	_, plan, err := f.charts.Of(ctx, i.Chart, i.PlanID)
	if err != nil {
		return need{}, err
	}
	to.endpoints = slices.DeleteFunc(slices.Clone(to.endpoints), func(e view.Endpoint) bool { return !plan.Opens(e.Port, e.Protocol) })
	wanted := bindingNeed(b, to, f.sharedNeed(b, i, plan))
	wanted.networks = f.networks.Enforce
	if err = f.policyLimit(b, plan, policy.Unique(wanted.policies)); err != nil {
		wanted = wanted.held(b.Policies)
	}
	f.sayOnce(b, err)
	return wanted, nil
}

// sayOnce logs what keeps a binding's policies from following, but not the same
// again and again; nil: nothing any more.
func (f *Follower) sayOnce(b record.Binding, why error) {
	key := b.InstanceID + "/" + b.ID // each instance's own access has the same id
	if why == nil {
		delete(f.limited, key)
		return
	}
	if f.limited[key] == why.Error() {
		return
	}
	if f.limited == nil {
		f.limited = map[string]string{}
	}
	f.limited[key] = why.Error()
	f.log.Error("policies-limited", why, bindingData(b), lager.Data{"meaning": "what is open stays open, and nothing more is opened to the instance's pods"})
}

// offer is what the instance's pods offer now.
func (f *Follower) offer(ctx context.Context, i record.Instance) (view.Offer, error) {
	cluster, err := f.clusters.Of(ctx, i)
	if err != nil {
		return view.Offer{}, err
	}
	observer, err := f.observers.Of(ctx, cluster)
	if err != nil {
		return view.Offer{}, err
	}
	if !observer.Synced() {
		return view.Offer{}, errUnsynced
	}
	return observer.Offer(i.Namespace, i.PolicyGroup), nil
}
