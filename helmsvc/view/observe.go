package view

import (
	"context"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// Observer knows what the instances of one cluster offer right now, from
// watches and without a request. Its methods may be called from any number of
// goroutines.
type Observer struct {
	*sparse.Watches
	pods, services cache.SharedIndexInformer
	changed        func(namespace string)
}

// Observe watches the pods and Services of all namespaces until ctx ends. mine
// tells which namespaces are instances'; of all others hardly more than their
// objects' names is kept. It must always say the same of a namespace: go by
// the name, not by what is recorded.
//
// changed is told of each namespace whose Offer may have changed; it is called
// from the watches' goroutines, several at once, and must be quick. It is told
// of nothing before the Observer is Synced, then once of each namespace that
// has something to offer. A namespace that has lost everything while nobody
// watched isn't among those: look at all instances once.
//
// A watch that breaks off, or that the cluster refuses, is tried again after a
// second, then ever more seldom, at least once a minute; the same reason is
// logged once until the watch has worked again.
func (r *Reader) Observe(ctx context.Context, mine func(namespace string) bool, changed func(namespace string)) (*Observer, error) {
	o := &Observer{
		pods:     coreinformers.NewPodInformer(r.clients, metav1.NamespaceAll, 0, sparse.Index()),
		services: coreinformers.NewServiceInformer(r.clients, metav1.NamespaceAll, 0, sparse.Index()),
		changed:  changed,
	}
	const remedy = "what service instances offer can't be observed; allow the broker to list and watch pods and services in all namespaces"
	var err error
	o.Watches, err = sparse.Watch(ctx, map[string]cache.SharedIndexInformer{"pods": o.pods, "services": o.services}, trimmer(mine), remedy, changed, o.begin)
	return o, err
}

// begin tells of all namespaces once everything is known. What was seen before
// that hasn't been told.
func (o *Observer) begin() {
	offering := map[string]bool{}
	for _, informer := range []cache.SharedIndexInformer{o.pods, o.services} {
		for _, namespace := range informer.GetIndexer().ListIndexFuncValues(cache.NamespaceIndex) {
			offering[namespace] = true
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(offering)) {
		o.changed(namespace)
	}
}
