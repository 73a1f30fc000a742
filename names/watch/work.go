package watch

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/cf-helm-broker/cf-helm-broker/sparse"
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
	records, refused := w.domain.Records(sparse.Kept[*corev1.Service](w.services, namespace), sparse.Kept[*discoveryv1.EndpointSlice](w.endpoints, namespace))
	w.tell(namespace, records, refused)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.untold[namespace] {
		w.settle(namespace)
	}
}

// changed has a namespace told of.
func (w *Watcher) changed(namespace string) {
	if w.isAdded(namespace) {
		w.queue.Add(namespace)
	}
}
