package view

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// Offer is what a namespace's pods offer, ready or not: those that are meant to
// serve, as in a View, so neither a Job's nor one that has ended or is being
// deleted.
type Offer struct {
	Pods int
	// Endpoints are those of all these pods. Host is empty as long as the pod
	// has no address.
	Endpoints []Endpoint
	// Hosts are the pods' addresses, sorted: what was issued and isn't among
	// them leads nowhere, or will soon.
	Hosts []string
	// HostsOf are the Hosts of each policy group.
	HostsOf map[string][]string
	// Groups are the policy groups that the pods are in, sorted, each once.
	Groups []string
}

// Offer returns what the pods of the namespace offer, whose policy group is
// group. Pods and Services are watched apart, so one of two changes made at
// once may be seen a little before the other.
func (o *Observer) Offer(namespace, group string) Offer {
	var services []corev1.Service
	for _, s := range sparse.Kept[*corev1.Service](o.services, namespace) {
		services = append(services, *s)
	}
	offer := Offer{HostsOf: map[string][]string{}}
	for _, pod := range sparse.Kept[*corev1.Pod](o.pods, namespace) {
		own := podgroup.Own(pod, group)
		offered, _ := endpoints(services, pod, own)
		offer.Pods++
		offer.Endpoints = append(offer.Endpoints, offered...)
		offer.Hosts = append(offer.Hosts, AddressOf(pod))
		in := cmp.Or(own, group)
		offer.Groups, offer.HostsOf[in] = append(offer.Groups, in), append(offer.HostsOf[in], AddressOf(pod))
	}
	for in, hosts := range offer.HostsOf {
		offer.HostsOf[in] = distinct(hosts)
	}
	offer.Hosts, offer.Groups = distinct(offer.Hosts), distinct(offer.Groups)
	return offer
}

// distinct sorts the texts and leaves out repeated and empty ones.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.DeleteFunc(slices.Compact(texts), func(s string) bool { return s == "" })
}
