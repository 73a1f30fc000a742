package access

import (
	"context"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// listingShared bounds the look at a shared service's pods: a cluster that
// doesn't answer mustn't hold up rounds.
const listingShared = 2 * time.Second

// stale are the bindings that were issued an address which no pod has any
// more, of the instance or of a shared service. It knows nothing of clusters
// that haven't been listed yet, or don't answer.
func (f *Follower) stale(ctx context.Context, bound []record.Binding) (stale []record.Binding) {
	shared := sharedHosts{Follower: f, known: map[sharedPods][]string{}}
	instances := map[string]offered{}
	for _, b := range bound {
		if len(b.Hosts)+len(b.Destinations) == 0 {
			continue
		}
		of, asked := instances[b.InstanceID]
		if !asked {
			of = f.offered(ctx, b.InstanceID)
			instances[b.InstanceID] = of
		}
		if of.recorded && (of.known && lost(b.Hosts, of.hosts) || shared.lost(ctx, of.instance, b.Destinations)) {
			stale = append(stale, b)
		}
	}
	return stale
}

// offered is what is known of an instance, for all of its bindings.
type offered struct {
	instance        record.Instance
	hosts           []string // the addresses of its pods
	recorded, known bool     // there is the instance's record; its pods have been listed
}

func (f *Follower) offered(ctx context.Context, id string) (of offered) {
	var err error
	if of.instance, err = f.records.Instance(id); err != nil {
		return offered{}
	}
	offer, known := f.observers.Offer(ctx, of.instance)
	of.hosts, of.recorded, of.known = offer.Hosts, true, known
	return of
}

// Stale tells whether a binding was issued an address of the instance's that isn't
// among those that its pods have.
func Stale(b record.Binding, have []string) bool {
	return b.State == record.Bound && lost(b.Hosts, have)
}

func lost(issued, have []string) bool {
	return slices.ContainsFunc(issued, func(h string) bool { return !slices.Contains(have, h) })
}

// sharedHosts asks for the addresses of each shared service once.
type sharedHosts struct {
	*Follower
	known map[sharedPods][]string // nil: not known
}

// sharedPods are those of a shared service, on a cluster.
type sharedPods struct{ cluster, namespace, selector string }

func (s sharedHosts) lost(ctx context.Context, i record.Instance, services []record.SharedService) bool {
	return slices.ContainsFunc(services, func(d record.SharedService) bool {
		where := sharedPods{i.Cluster, d.Namespace, d.Selector}
		have, asked := s.known[where]
		if !asked {
			have = s.hosts(ctx, i, d)
			s.known[where] = have
		}
		return have != nil && lost(d.Hosts, have)
	})
}

func (s sharedHosts) hosts(ctx context.Context, i record.Instance, d record.SharedService) []string {
	ctx, cancel := context.WithTimeout(ctx, listingShared)
	defer cancel()
	cluster, err := s.clusters.Of(ctx, i)
	if err != nil {
		return nil
	}
	have, err := cluster.Addresses(ctx, d.Namespace, d.Selector)
	if err != nil {
		return nil
	}
	return append([]string{}, have...)
}
