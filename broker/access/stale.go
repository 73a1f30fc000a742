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
	for _, b := range bound {
		if len(b.Hosts)+len(b.Destinations) == 0 {
			continue
		}
		i, err := f.records.Instance(b.InstanceID)
		if err == nil && (len(b.Hosts) > 0 && f.lostPods(ctx, i, b.Hosts) || shared.lost(ctx, i, b.Destinations)) {
			stale = append(stale, b)
		}
	}
	return stale
}

func (f *Follower) lostPods(ctx context.Context, i record.Instance, issued []string) bool {
	offer, known := f.observers.Offer(ctx, i)
	return known && lost(issued, offer.Hosts)
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
