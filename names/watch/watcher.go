package watch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/names"
)

// Tell is told all records of a namespace as they are now, and in sentences what
// of it can't have a name. It is called from one goroutine, and must be quick.
type Tell func(namespace string, records []names.Record, refused []error)

// Watcher watches one cluster. Its methods may be called from any goroutine.
type Watcher struct {
	domain              names.Domain
	tell                Tell
	services, endpoints cache.SharedIndexInformer
	troubles            map[cache.SharedIndexInformer]*trouble
	queue               workqueue.TypedInterface[string] // namespaces that are to be told of
	synced              atomic.Bool

	mutex   sync.Mutex // guards what follows
	added   map[string]bool
	untold  map[string]bool // of those, the ones that weren't told of since they were added
	allTold chan struct{}   // closed when untold becomes empty
}

// Start watches until ctx ends. mine tells which namespaces may be added; of all
// others hardly more than their objects' names is kept. It must always say the
// same of a namespace.
//
// Nothing is told before the Watcher is Synced: what it knows until then may be
// a part of what there is.
//
// A watch that breaks off, or that the cluster refuses, is tried again after a
// second, then ever more seldom, at least once a minute; the same reason is
// logged once until the watch has worked again.
func Start(ctx context.Context, client kubernetes.Interface, domain names.Domain, mine func(namespace string) bool, tell Tell) (*Watcher, error) {
	index := cache.Indexers{cache.NamespaceIndex: keptNamespace}
	w := &Watcher{
		domain: domain, tell: tell,
		services:  coreinformers.NewServiceInformer(client, metav1.NamespaceAll, 0, index),
		endpoints: discoveryinformers.NewEndpointSliceInformer(client, metav1.NamespaceAll, 0, index),
		queue:     workqueue.NewTyped[string](),
		added:     map[string]bool{},
		untold:    map[string]bool{},
		troubles:  map[cache.SharedIndexInformer]*trouble{},
		allTold:   make(chan struct{}),
	}
	var delivered []cache.DoneChecker
	for what, informer := range map[string]cache.SharedIndexInformer{"services": w.services, "endpointslices": w.endpoints} {
		checker, err := w.prepare(informer, mine)
		if err != nil {
			return nil, fmt.Errorf("watching %s: %w", what, err)
		}
		delivered = append(delivered, checker)
	}
	go w.services.RunWithContext(ctx)
	go w.endpoints.RunWithContext(ctx)
	go w.work()
	go w.begin(ctx, delivered)
	return w, nil
}

// Synced tells whether the Watcher has seen all that there is. It stays so when
// the cluster can't be reached later: what was told is then the last that was
// seen.
func (w *Watcher) Synced() bool { return w.synced.Load() }

// Problem says why what was told may be old: a watch has broken off, and nothing
// has come since. A watch that works again says something within a minute.
func (w *Watcher) Problem() error {
	for informer, trouble := range w.troubles {
		if err := trouble.since(informer.LastSyncResourceVersion()); err != nil {
			return fmt.Errorf("names may be those of some time ago: %w", err)
		}
	}
	return nil
}

func (w *Watcher) prepare(informer cache.SharedIndexInformer, mine func(string) bool) (cache.DoneChecker, error) {
	if err := informer.SetTransform(trimmer(mine)); err != nil {
		return nil, err
	}
	w.troubles[informer] = &trouble{}
	if err := informer.SetWatchErrorHandlerWithContext(w.troubles[informer].handle); err != nil {
		return nil, err
	}
	handler, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(now any) { w.compare(nil, now) },
		UpdateFunc: w.compare,
		DeleteFunc: func(before any) { w.compare(before, nil) },
	})
	if err != nil {
		return nil, err
	}
	return handler.HasSyncedChecker(), nil
}

// sync notes that everything is known, and returns what was added before.
func (w *Watcher) sync() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.synced.Store(true)
	close(w.allTold) // whoever waits looks once more, also if nothing was added
	w.allTold = make(chan struct{})
	return slices.Collect(maps.Keys(w.added))
}

// begin tells of all namespaces once everything is known, and ends the telling
// with ctx.
func (w *Watcher) begin(ctx context.Context, delivered []cache.DoneChecker) {
	defer w.queue.ShutDown()
	if !cache.WaitFor(ctx, "", delivered...) {
		return
	}
	for _, namespace := range w.sync() {
		w.queue.Add(namespace)
	}
	<-ctx.Done()
}
