package sparse

import (
	"context"
	"fmt"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// Watches are of several kinds of objects.
type Watches struct {
	informers map[string]cache.SharedIndexInformer
	troubles  map[string]*trouble
	changed   func(namespace string)
	synced    atomic.Bool
}

// Watch runs the informers, by their resources' names, until ctx ends. Each has the
// Index, and keeps what transform makes of its objects.
//
// changed is told of each namespace of which what is kept has changed; it is called
// from the watches' goroutines, several at once, and must be quick. It is told of
// nothing before everything is known; synced is told of that, once.
//
// A watch that breaks off, or that the cluster refuses, is tried again after a
// second, then ever more seldom, at least once a minute; the same reason is logged
// once until the watch has worked again. remedy begins what is said where the cluster
// refuses.
func Watch(ctx context.Context, informers map[string]cache.SharedIndexInformer, transform cache.TransformFunc, remedy string, changed func(namespace string), synced func()) (*Watches, error) {
	w := &Watches{informers: informers, troubles: map[string]*trouble{}, changed: changed}
	var delivered []cache.DoneChecker
	for resource, informer := range informers {
		w.troubles[resource] = &trouble{remedy: remedy}
		checker, err := w.prepare(informer, transform, w.troubles[resource])
		if err != nil {
			return nil, fmt.Errorf("watching %s: %w", resource, err)
		}
		delivered = append(delivered, checker)
	}
	for _, informer := range informers {
		go informer.RunWithContext(ctx)
	}
	go func() {
		if cache.WaitFor(ctx, "", delivered...) {
			w.synced.Store(true)
			synced()
		}
	}()
	return w, nil
}

func (w *Watches) prepare(informer cache.SharedIndexInformer, transform cache.TransformFunc, t *trouble) (cache.DoneChecker, error) {
	if err := informer.SetTransform(transform); err != nil {
		return nil, err
	}
	if err := informer.SetWatchErrorHandlerWithContext(t.handle); err != nil {
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

// Synced tells whether everything is known. It stays so when the cluster can't be
// reached later: what is kept is then the last that was seen.
func (w *Watches) Synced() bool { return w.synced.Load() }

// Problem says why what is kept may be old: a watch has broken off, and nothing has
// come since. A watch that works again says something within a minute.
func (w *Watches) Problem() error {
	for resource, informer := range w.informers {
		if err := w.troubles[resource].since(informer.LastSyncResourceVersion()); err != nil {
			return err
		}
	}
	return nil
}

// compare tells of an object's namespace if what is kept of the object has
// changed. A deletion comes with the object as it was before.
func (w *Watches) compare(before, now any) {
	if last, ok := before.(cache.DeletedFinalStateUnknown); ok { // the watch had broken off
		before = last.Obj
	}
	if !w.Synced() || Alike(before, now) {
		return
	}
	for _, object := range []any{now, before} {
		if kept, ok := object.(metav1.Object); ok {
			w.changed(kept.GetNamespace())
			return
		}
	}
}
