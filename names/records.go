package names

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// MaxPairs is how many pairs of a name and an address a namespace may have: 100
// pods that are in ten Services each, with names of their own. It keeps any
// record below a megabyte, which is what a NATS server takes as one message.
const MaxPairs = 2000

// Records gives the records of one namespace, from all its Services and
// EndpointSlices. Whatever can't have a name, or only in part, is told of in
// refused, in sentences for whoever made the chart; the rest is given all the
// same.
//
// An endpoint counts when it is ready, or its Service publishes addresses that
// aren't (publishNotReadyAddresses), and when its pod isn't being terminated. A
// hostname that several endpoints of a Service have leads to all of them, as the
// specification has it, and is told of.
//
// A Service without a selector has EndpointSlices that somebody wrote, and they
// may hold anything. Of their addresses those count that are also a pod's in
// this namespace, that is, that Kubernetes itself has put into some Service with
// a selector: a leader that its pods elect has a name so, and another tenant's
// pod hasn't.
func (d Domain) Records(services []*corev1.Service, endpoints []*discoveryv1.EndpointSlice) (records []Record, refused []error) {
	r := &reading{domain: d, endpoints: byService(endpoints), pairs: map[pair]bool{}, hosts: map[string]netip.Addr{}}
	services = slices.SortedFunc(slices.Values(services), func(a, b *corev1.Service) int { return strings.Compare(a.Name, b.Name) })
	r.own = r.pods(services)
	for _, service := range services {
		if err := r.read(service); err != nil {
			refused = append(refused, err)
		}
	}
	return r.result(refused)
}

// reading is one namespace on the way to its records.
type reading struct {
	domain    Domain
	endpoints map[string][]*discoveryv1.EndpointSlice // by Service
	own       map[netip.Addr]string                   // addresses of the namespace's pods, and their nodes
	pairs     map[pair]bool
	hosts     map[string]netip.Addr // of a pod's own name, one of those that it leads to
}

func byService(endpoints []*discoveryv1.EndpointSlice) map[string][]*discoveryv1.EndpointSlice {
	sorted := map[string][]*discoveryv1.EndpointSlice{}
	for _, slice := range endpoints {
		service := slice.Labels[discoveryv1.LabelServiceName]
		sorted[service] = append(sorted[service], slice)
	}
	return sorted
}

// result gives the first MaxPairs pairs, by name.
func (r *reading) result(refused []error) ([]Record, []error) {
	if len(r.pairs) <= MaxPairs {
		return group(r.pairs, r.own), refused
	}
	refused = append(refused, fmt.Errorf("the instance has %d pairs of names and addresses, and apps can be told of %d: have fewer Services, or fewer pods in each", len(r.pairs), MaxPairs))
	kept := map[pair]bool{}
	for _, p := range slices.SortedFunc(maps.Keys(r.pairs), pair.compare)[:MaxPairs] {
		kept[p] = true
	}
	return group(kept, r.own), refused
}
