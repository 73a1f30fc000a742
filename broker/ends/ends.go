package ends

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// Settings are the operator's choices.
type Settings struct {
	// Prefix begins the names of the instances' namespaces.
	Prefix string
	// Shared are services of the cluster that every bind opens to the app.
	Shared []chart.SharedService
}

// Ends answer networks' questions. Their methods may be called from any number of
// goroutines.
type Ends struct {
	settings  Settings
	charts    *locate.Charts
	clusters  *locate.Clusters
	observers *locate.Observers
	records   *record.Store

	mu     sync.Mutex
	closed map[string]closed // by cluster's id; guarded by mu
}

// New are those of the records.
func New(settings Settings, charts *locate.Charts, clusters *locate.Clusters, observers *locate.Observers, records *record.Store) *Ends {
	return &Ends{settings: settings, charts: charts, clusters: clusters, observers: observers, records: records, closed: map[string]closed{}}
}

// App returns the space of an app that is bound, or is being bound.
func (e *Ends) App(guid string) (space string, found bool) { return e.records.App(guid) }

// Place tells where the pods of a policy group are: an instance's, an operator's, or
// a shared service's. An instance's namespace is closed by then.
func (e *Ends) Place(ctx context.Context, group string) (networkpolicy.Place, bool, error) {
	home := networkpolicy.Place{Clients: e.clusters.Home().Clients()}
	if name, is := e.operator(group); is {
		home.Namespace = locate.OperatorNamespace(e.settings.Prefix, name)
		return home, true, nil
	}
	if shared, is := e.shared(group); is {
		home.Namespace, home.Pods = shared.Namespace, &metav1.LabelSelector{MatchLabels: shared.Selector}
		return home, true, nil
	}
	i, found, err := e.instance(group)
	if !found || i.Kibosh {
		return networkpolicy.Place{}, false, err
	}
	return e.placeOf(ctx, i, group)
}

func (e *Ends) placeOf(ctx context.Context, i record.Instance, group string) (networkpolicy.Place, bool, error) {
	cluster, err := e.clusters.Of(ctx, i)
	if err != nil {
		return networkpolicy.Place{}, false, err
	}
	if i.Operation.Type == record.Delete { // its namespace may be gone, and its policies with it
		return networkpolicy.Place{Clients: cluster.Clients(), Cluster: i.Cluster, Namespace: i.Namespace, Closed: true}, true, nil
	}
	if err := e.close(ctx, i.Cluster, i.Namespace, cluster); err != nil {
		return networkpolicy.Place{}, false, err
	}
	_, plan, err := e.charts.Of(ctx, i.Chart, i.PlanID)
	if err != nil && !errors.Is(err, locate.ErrNoPlan) {
		return networkpolicy.Place{}, false, err
	}
	return networkpolicy.Place{
		Clients: cluster.Clients(), Cluster: i.Cluster, Namespace: i.Namespace, Pods: podsOf(i, group), Closed: true, Staging: plan.AllowStaging,
	}, true, nil
}

// podsOf selects the pods of an instance that are in the group; nil: all are.
func podsOf(i record.Instance, group string) *metav1.LabelSelector {
	switch {
	case locate.PolicyTarget(i.Destination) != locate.ToWorkload, !slices.Contains(i.GroupLabels, podgroup.Label): // it is older than the label
		return nil
	case group == i.PolicyGroup: // whose workload has none of its own
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: podgroup.Label, Operator: metav1.LabelSelectorOpDoesNotExist}}}
	}
	return &metav1.LabelSelector{MatchLabels: map[string]string{podgroup.Label: group}}
}

// closedFor is how long a namespace counts as closed without being looked at: somebody
// may have deleted what closes it.
const closedFor = time.Hour

// failedFor is how long a cluster of which that couldn't be told isn't asked again: a
// round asks for each of its instances.
const failedFor = 5 * time.Second

// closed are the namespaces of a cluster that are closed, as of a look at all of them.
type closed struct {
	until      time.Time // it is to be looked again
	namespaces map[string]bool
	failed     error
}

// closer closes namespaces.
type closer interface {
	Closed(ctx context.Context) (map[string]bool, error)
	EnsureClosed(ctx context.Context, namespace string) error
}

// close has a namespace be closed by default before anything is opened to it: what is
// opened first would close it to all else, its own pods included. Of those that are
// closed one list tells.
func (e *Ends) close(ctx context.Context, cluster, namespace string, by closer) error {
	known, err := e.isClosed(ctx, cluster, namespace, by)
	if err != nil || known {
		return err
	}
	err = by.EnsureClosed(ctx, namespace)
	// One that isn't there is closed when it is made, and one that goes takes its pods with it.
	if apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil
	}
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed[cluster].namespaces[namespace] = true
	return nil
}

// isClosed tells whether a namespace was closed when it was last looked at, by a look at
// them all if that is long ago.
func (e *Ends) isClosed(ctx context.Context, cluster, namespace string, by closer) (bool, error) {
	e.mu.Lock()
	known := e.closed[cluster]
	is := known.namespaces[namespace]
	e.mu.Unlock()
	if time.Now().Before(known.until) {
		return is, known.failed
	}
	found, err := by.Closed(ctx)
	if err != nil && ctx.Err() != nil {
		return false, err // that says nothing of the cluster
	}
	now := closed{until: time.Now().Add(closedFor), namespaces: map[string]bool{}, failed: err}
	if err != nil {
		now.until = time.Now().Add(failedFor)
	}
	maps.Copy(now.namespaces, found)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed[cluster] = now
	return found[namespace], err
}

func (e *Ends) operator(group string) (chart string, is bool) {
	for _, b := range e.records.Operators() {
		if b.InstanceID == group {
			return b.Operator.Chart, true
		}
	}
	return "", false
}

func (e *Ends) shared(group string) (chart.SharedService, bool) {
	return e.charts.SharedService(e.settings.Shared, group)
}

// instance is the one that the policy group is one of, if there is any.
func (e *Ends) instance(group string) (i record.Instance, found bool, err error) {
	i, err = e.records.InstanceOf(group)
	if errors.Is(err, record.ErrNotFound) {
		return i, false, nil
	}
	return i, err == nil, err
}

// Addresses are those of the pods in a policy group that are meant to serve, ready or
// not: as watched while this replica leads, else as they are.
func (e *Ends) Addresses(ctx context.Context, group string) (addresses []netip.Addr, found bool, err error) {
	hosts, found, err := e.hosts(ctx, group)
	for _, host := range hosts {
		if address, err := netip.ParseAddr(host); err == nil {
			addresses = append(addresses, address)
		}
	}
	return addresses, found, err
}

func (e *Ends) hosts(ctx context.Context, group string) (hosts []string, found bool, err error) {
	if shared, is := e.shared(group); is {
		selector := metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: shared.Selector})
		hosts, err = e.clusters.Home().Addresses(ctx, shared.Namespace, selector)
		return hosts, true, err
	}
	i, found, err := e.instance(group)
	if !found || i.Kibosh || i.Operation.Type == record.Delete {
		return nil, false, err
	}
	if offer, known := e.observers.Offer(ctx, i); known {
		return offer.HostsOf[group], true, nil
	}
	cluster, err := e.clusters.Of(ctx, i)
	if err != nil {
		return nil, false, fmt.Errorf("finding the pods of policy group %s: %w", group, err)
	}
	hosts, err = cluster.HostsOf(ctx, i.Namespace, i.PolicyGroup, group)
	return hosts, true, err
}

// Needed returns those of the policies that a live binding needs now as rules of security
// groups, the only network that asks.
func (e *Ends) Needed(ctx context.Context, policies []policy.Policy) ([]policy.Policy, error) {
	var needed []policy.Policy
	for _, group := range policy.Groups(policies) {
		bindings, err := e.bindings(ctx, group)
		if err != nil {
			return nil, err
		}
		for _, b := range bindings {
			if b.State != record.Revoking && b.State != record.Unmade {
				needed = append(needed, b.PoliciesOn(policy.SecurityGroup)...)
			}
		}
	}
	return policy.SetOf(needed).Of(policies), nil
}

// bindings are those that may open anything to the group.
func (e *Ends) bindings(ctx context.Context, group string) ([]record.Binding, error) {
	if _, is := e.shared(group); is {
		return e.records.AllLiveBindings(ctx)
	}
	i, found, err := e.instance(group)
	if !found {
		return nil, err
	}
	return e.records.LiveBindings(ctx, i.ID)
}
