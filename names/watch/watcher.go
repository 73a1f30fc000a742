package watch

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// Tell is told all records of a namespace as they are now, and in sentences what
// of it can't have a name. It is called from one goroutine, and must be quick.
type Tell func(namespace string, records []names.Record, refused []error)

// Watcher watches one cluster. Its methods may be called from any goroutine.
type Watcher struct {
	*sparse.Watches
	domain              names.Domain
	mine                func(namespace string) bool
	tell                Tell
	services, endpoints cache.SharedIndexInformer
	queue               workqueue.TypedInterface[string] // namespaces that are to be told of

	mu      sync.Mutex // guards what follows
	all     bool       // whether all that may be added are
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
	w := &Watcher{
		domain: domain, mine: mine, tell: tell,
		services:  coreinformers.NewServiceInformer(client, metav1.NamespaceAll, 0, sparse.Index()),
		endpoints: discoveryinformers.NewEndpointSliceInformer(client, metav1.NamespaceAll, 0, sparse.Index()),
		queue:     workqueue.NewTyped[string](),
		added:     map[string]bool{},
		untold:    map[string]bool{},
		allTold:   make(chan struct{}),
	}
	const remedy = "which names service instances have can't be seen; let whoever publishes them list and watch services and, in discovery.k8s.io, endpointslices in all namespaces"
	informers := map[string]cache.SharedIndexInformer{"services": w.services, "endpointslices": w.endpoints}
	var err error
	if w.Watches, err = sparse.Watch(ctx, informers, trimmer(mine), remedy, w.changed, w.begin); err != nil {
		return nil, err
	}
	go w.work()
	context.AfterFunc(ctx, w.queue.ShutDown)
	return w, nil
}

// Problem says why what was told may be old.
func (w *Watcher) Problem() error {
	if err := w.Watches.Problem(); err != nil {
		return fmt.Errorf("names may be those of some time ago: %w", err)
	}
	return nil
}

// begin tells of all namespaces once everything is known.
func (w *Watcher) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.allTold) // whoever waits looks once more, also if nothing was added
	w.allTold = make(chan struct{})
	for namespace := range w.added {
		w.queue.Add(namespace)
	}
	if w.all {
		w.tellOfAll()
	}
}

// tellOfAll tells of all namespaces that there are Services in.
func (w *Watcher) tellOfAll() {
	for _, namespace := range w.services.GetIndexer().ListIndexFuncValues(cache.NamespaceIndex) {
		w.queue.Add(namespace)
	}
}
