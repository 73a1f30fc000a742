package watch

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// work tells of one namespace after the other, each as it is by then. So nobody
// is told something older after something newer.
func (w *Watcher) work() {
	for {
		namespace, ended := w.queue.Get()
		if ended {
			return
		}
		if w.Synced() {
			w.tellOf(namespace)
		}
		w.queue.Done(namespace)
	}
}

func (w *Watcher) tellOf(namespace string) {
	if !w.isAdded(namespace) {
		w.tell(namespace, nil, nil)
		return
	}
	records, refused := w.domain.Records(kept[*corev1.Service](w.services, namespace), kept[*discoveryv1.EndpointSlice](w.endpoints, namespace))
	w.tell(namespace, records, refused)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.untold[namespace] {
		w.settle(namespace)
	}
}

// kept are the objects that an informer has of a namespace.
func kept[T any](informer cache.SharedIndexInformer, namespace string) []T {
	objects, _ := informer.GetIndexer().ByIndex(cache.NamespaceIndex, namespace) // there is that index
	var all []T
	for _, object := range objects {
		if o, ok := object.(T); ok {
			all = append(all, o)
		}
	}
	return all
}

// compare has an object's namespace told of if what is kept of the object has
// changed. A deletion comes with the object as it was before.
func (w *Watcher) compare(before, now any) {
	if last, ok := before.(cache.DeletedFinalStateUnknown); ok { // the watch had broken off
		before = last.Obj
	}
	if !w.Synced() || alike(before, now) {
		return
	}
	for _, object := range []any{now, before} {
		if o, ok := object.(metav1.Object); ok && w.isAdded(o.GetNamespace()) {
			w.queue.Add(o.GetNamespace())
			return
		}
	}
}
