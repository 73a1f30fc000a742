package view

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Observer knows what the instances of one cluster offer right now, from
// watches and without a request. Its methods may be called from any number of
// goroutines.
type Observer struct {
	pods, services cache.SharedIndexInformer
	changed        func(namespace string)
	synced         atomic.Bool
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
	index := cache.Indexers{cache.NamespaceIndex: keptNamespace}
	o := &Observer{
		pods:     coreinformers.NewPodInformer(r.clients, metav1.NamespaceAll, 0, index),
		services: coreinformers.NewServiceInformer(r.clients, metav1.NamespaceAll, 0, index),
		changed:  changed,
	}
	var delivered []cache.DoneChecker
	for what, informer := range map[string]cache.SharedIndexInformer{"pods": o.pods, "services": o.services} {
		checker, err := o.prepare(informer, mine)
		if err != nil {
			return nil, fmt.Errorf("observing %s: %w", what, err)
		}
		delivered = append(delivered, checker)
	}
	go o.pods.RunWithContext(ctx)
	go o.services.RunWithContext(ctx)
	go o.begin(ctx, delivered)
	return o, nil
}

// Synced tells whether the Observer knows all that there is. What it says of an
// Offer before that means nothing. It stays so when the cluster can't be reached
// later: Offers are then the last that were seen.
func (o *Observer) Synced() bool { return o.synced.Load() }

func (o *Observer) prepare(informer cache.SharedIndexInformer, mine func(string) bool) (cache.DoneChecker, error) {
	if err := informer.SetTransform(trimmer(mine)); err != nil {
		return nil, err
	}
	if err := informer.SetWatchErrorHandlerWithContext(sayOnce()); err != nil {
		return nil, err
	}
	handler, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(now any) { o.compare(nil, now) },
		UpdateFunc: o.compare,
		DeleteFunc: func(before any) { o.compare(before, nil) },
	})
	if err != nil {
		return nil, err
	}
	return handler.HasSyncedChecker(), nil
}

// begin tells of all namespaces once everything is known. What was seen before
// that hasn't been told.
func (o *Observer) begin(ctx context.Context, delivered []cache.DoneChecker) {
	if !cache.WaitFor(ctx, "", delivered...) {
		return
	}
	o.synced.Store(true)
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

// compare tells of an object's namespace if what is kept of the object has
// changed. A deletion comes with the object as it was before.
func (o *Observer) compare(before, now any) {
	if last, ok := before.(cache.DeletedFinalStateUnknown); ok { // the watch had broken off
		before = last.Obj
	}
	if !o.Synced() || alike(before, now) {
		return
	}
	for _, object := range []any{now, before} {
		if kept, ok := object.(metav1.Object); ok {
			o.changed(kept.GetNamespace())
			return
		}
	}
}

// sayOnce logs why a watch doesn't work, but not the same again and again as
// long as it hasn't worked meanwhile. It is called by one goroutine.
func sayOnce() cache.WatchErrorHandlerWithContext {
	var last string
	return func(ctx context.Context, r *cache.Reflector, err error) {
		said := r.LastSyncResourceVersion() + " " + err.Error()
		if said == last {
			return
		}
		last = said
		if apierrors.IsForbidden(err) {
			err = fmt.Errorf("what service instances offer can't be observed; allow the broker to list and watch pods and services in all namespaces: %w", err)
		}
		cache.DefaultWatchErrorHandler(ctx, r, err)
	}
}

// keptNamespace is the namespace of an object that is kept, and none of others.
func keptNamespace(object any) ([]string, error) {
	if kept, ok := object.(metav1.Object); ok {
		return []string{kept.GetNamespace()}, nil
	}
	return nil, nil
}
