package watch

import (
	"context"
	"fmt"
)

// Await waits until all namespaces that were added have been told of. The error is
// ctx's, and says what hasn't been seen.
func (w *Watcher) Await(ctx context.Context) error {
	for {
		w.mu.Lock()
		untold, allTold := len(w.untold), w.allTold
		w.mu.Unlock()
		if untold == 0 && w.Synced() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the names of %d namespaces aren't known yet, since not all Services and EndpointSlices have been seen: %w", untold, ctx.Err())
		case <-allTold:
		}
	}
}

// Add has the Watcher tell of a namespace, now and after each change. It doesn't
// wait for that.
func (w *Watcher) Add(namespace string) {
	w.mu.Lock()
	w.added[namespace], w.untold[namespace] = true, true
	w.mu.Unlock()
	w.queue.Add(namespace)
}

// AddAll has the Watcher tell of all namespaces that may be added, also of those that
// are still to come. It doesn't wait for that, and neither does Await. Remove takes
// none of them away.
func (w *Watcher) AddAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = true
	w.tellOfAll() // those that are seen later are told of then
}

// Remove has the Watcher tell once more of a namespace, that it has no records,
// and then no longer.
func (w *Watcher) Remove(namespace string) {
	w.mu.Lock()
	delete(w.added, namespace)
	w.settle(namespace)
	w.mu.Unlock()
	w.queue.Add(namespace)
}

// settle takes a namespace off those that weren't told of. It wants mu.
func (w *Watcher) settle(namespace string) {
	delete(w.untold, namespace)
	if len(w.untold) == 0 {
		close(w.allTold)
		w.allTold = make(chan struct{})
	}
}

func (w *Watcher) isAdded(namespace string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.added[namespace] || w.all && w.mine(namespace)
}
