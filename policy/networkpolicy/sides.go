package networkpolicy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// wanted are the objects that policies need, and where objects of theirs can be.
type wanted struct {
	objects []object
	// clusters are all where there is to be looked, by their ids.
	clusters map[string]kubernetes.Interface
}

// look asks once for each end.
type look struct {
	*Enforcer
	places map[string]*Place // nil: there is none
	failed map[string]error  // why a group's couldn't be found
	found  wanted
}

// wantedOf are the objects of the policies, as far as their ends can be found: lost are
// those of which an end can't, and err says why. A policy that needs none isn't this
// network's.
func (e *Enforcer) wantedOf(ctx context.Context, policies []policy.Policy) (w wanted, lost []policy.Policy, err error) {
	l := look{Enforcer: e, places: map[string]*Place{}, failed: map[string]error{}, found: wanted{clusters: map[string]kubernetes.Interface{"": e.home}}}
	for _, p := range policies {
		if l.add(ctx, p) != nil {
			lost = append(lost, p)
		}
	}
	return l.found, lost, errors.Join(slices.Collect(maps.Values(l.failed))...)
}

func (l *look) add(ctx context.Context, p policy.Policy) error {
	to, err := l.place(ctx, p.Destination.ID)
	if err != nil {
		return err
	}
	if space, is := l.ends.App(p.Source.ID); is {
		l.fromApp(p, space, to)
		return nil
	}
	from, err := l.place(ctx, p.Source.ID)
	if err != nil || from == nil || to == nil {
		return err
	}
	l.fromPods(p, *from, *to)
	return nil
}

func (l *look) place(ctx context.Context, group string) (*Place, error) {
	if place, known := l.places[group]; known {
		return place, nil
	}
	if err := l.failed[group]; err != nil {
		return nil, err
	}
	place, found, err := l.ends.Place(ctx, group)
	if err != nil {
		l.failed[group] = fmt.Errorf("finding the pods of policy group %s: %w", group, err)
		return nil, l.failed[group]
	}
	l.places[group] = nil
	if found {
		l.places[group] = &place
		l.found.clusters[place.Cluster] = place.Clients
	}
	return l.places[group], nil
}

// fromApp adds what an app's policy needs.
func (l *look) fromApp(p policy.Policy, space string, to *Place) {
	if to == nil {
		return
	}
	apps := l.settings.Apps
	near := to.Cluster == "" && apps.Label != ""
	if namespace := apps.namespaceOf(space); near && apps.Egress && namespace != "" {
		home := Place{Clients: l.home, Namespace: namespace}
		l.put(p, egress, home, outOf(apps.pods(p.Source.ID, to.Staging), to.peer(), p.Destination))
	}
	if !to.Closed {
		return
	}
	from := blocks(l.settings.CIDRs)
	if near {
		from = []networkingv1.NetworkPolicyPeer{apps.peer(p.Source.ID, space, to.Staging)}
	}
	l.put(p, ingress, *to, into(to.pods(), from, p.Destination))
}

// fromPods adds what a policy between groups needs. Within a namespace everything
// passes, and from one cluster to another nothing is known to be let through.
func (l *look) fromPods(p policy.Policy, from, to Place) {
	if from.Cluster != to.Cluster || from.Namespace == to.Namespace {
		return
	}
	if from.Closed {
		l.put(p, egress, from, outOf(from.pods(), to.peer(), p.Destination))
	}
	if to.Closed {
		l.put(p, ingress, to, into(to.pods(), []networkingv1.NetworkPolicyPeer{from.peer()}, p.Destination))
	}
}

func (l *look) put(p policy.Policy, s side, at Place, spec networkingv1.NetworkPolicySpec) {
	key := l.keyOf(p)
	meta := l.marksOf(p, key)
	meta.Name, meta.Namespace = nameOf(key, s), at.Namespace
	l.found.objects = append(l.found.objects, object{
		policy: p, key: key, cluster: at.Cluster, clients: at.Clients, namespace: at.Namespace, meta: meta, spec: spec,
	})
}
