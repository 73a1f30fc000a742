package readiness

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

var podResource = corev1.SchemeGroupVersion.WithResource("pods")

// WaitReady watches the release's objects, or those of a hook, and the
// namespace's pods until all objects are ready. It returns a NotReadyError when
// ctx's deadline passes, or earlier when an object says that it will never be
// ready.
func (r Reader) WaitReady(ctx context.Context, namespace string, resources kube.ResourceList, hook bool, report func(Progress)) error {
	watched, err := r.watchRelease(ctx, namespace, resources, hook)
	if err != nil {
		return err
	}
	defer watched.stop()
	var last Progress
	for {
		verdict, err := watched.judge()
		if err != nil {
			return fmt.Errorf("judging readiness: %w", err)
		}
		if verdict.progress != last && report != nil {
			report(verdict.progress)
		}
		last = verdict.progress
		switch {
		case verdict.ready:
			return nil
		case verdict.failure != "":
			return r.notReady(ctx, namespace, verdict, verdict.failure)
		}
		select {
		case <-watched.changed:
		case <-watched.ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return r.notReady(ctx, namespace, verdict, inTime)
			}
			return context.Cause(watched.ctx)
		}
	}
}

// watchedRelease is a release's objects and pods, kept up to date by watches.
type watchedRelease struct {
	hook      bool // the objects are a hook's
	informers dynamicinformer.DynamicSharedInformerFactory
	objects   []watchedObject
	pods      cache.GenericLister
	others    []cache.GenericLister // of further kinds that were asked for
	synced    []cache.DoneChecker
	// completed holds the names of the Jobs that were seen to complete, and said
	// is the last that a Job's pods complained of, by the Job's name.
	completed sync.Map
	said      map[string]complaint
	// changed holds a token when something has changed since the last read.
	changed chan struct{}
	// ctx ends with the wait, or with the reason for which a watch will never
	// work.
	ctx    context.Context
	cancel context.CancelCauseFunc
}

type watchedObject struct {
	kind, name string
	lister     cache.GenericNamespaceLister
	judge      judging
}

// get reads the object from the cache.
func (o watchedObject) get() (*unstructured.Unstructured, error) {
	found, err := o.lister.Get(o.name)
	if err != nil {
		return nil, err
	}
	return manifest.AsUnstructured(found)
}

func (r Reader) watchRelease(ctx context.Context, namespace string, resources kube.ResourceList, hook bool, others ...schema.GroupVersionResource) (*watchedRelease, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchedRelease{
		hook:      hook,
		informers: dynamicinformer.NewFilteredDynamicSharedInformerFactory(r.dynamic, 0, namespace, nil),
		said:      map[string]complaint{},
		changed:   make(chan struct{}, 1),
		ctx:       ctx,
		cancel:    cancel,
	}
	var err error
	if w.pods, err = w.inform(podResource); err != nil {
		w.stop()
		return nil, err
	}
	for _, other := range others {
		lister, err := w.inform(other)
		if err != nil {
			w.stop()
			return nil, err
		}
		w.others = append(w.others, lister)
	}
	judges := map[schema.GroupVersionKind]judging{}
	for _, info := range resources.Filter(r.judged(namespace)) {
		lister, err := w.inform(info.Mapping.Resource)
		if err != nil {
			w.stop()
			return nil, err
		}
		kind := info.Mapping.GroupVersionKind
		if judges[kind] == nil {
			if judges[kind], err = r.judgingOf(ctx, info); err != nil {
				w.stop()
				return nil, err
			}
		}
		w.objects = append(w.objects, watchedObject{kind: kind.Kind, name: info.Name, lister: lister.ByNamespace(namespace), judge: judges[kind]})
	}
	w.informers.Start(ctx.Done())
	if !cache.WaitFor(ctx, "", w.synced...) && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		w.stop()
		return nil, context.Cause(ctx)
	}
	return w, nil
}

// inform watches one kind of object; a kind that is watched already is shared.
func (w *watchedRelease) inform(resource schema.GroupVersionResource) (cache.GenericLister, error) {
	informer := w.informers.ForResource(resource)
	// An informer tries for ever; a missing right doesn't come by itself, nor is
	// what is too much bounded by reading it again.
	err := informer.Informer().SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		var tooMuch *bounded.TooMuchError
		if apierrors.IsForbidden(err) || errors.As(err, &tooMuch) {
			w.cancel(fmt.Errorf("watching the release: %w", err))
			return
		}
		cache.DefaultWatchErrorHandler(ctx, r, err)
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", resource.Resource, err)
	}
	handler, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    w.seen,
		UpdateFunc: func(_, now any) { w.seen(now) },
		DeleteFunc: w.seen,
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", resource.Resource, err)
	}
	w.synced = append(w.synced, handler.HasSyncedChecker())
	return informer.Lister(), nil
}

func (w *watchedRelease) seen(object any) {
	w.noteCompleted(object)
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *watchedRelease) stop() {
	w.cancel(nil)
	w.informers.Shutdown()
}

// notReady builds the error of a release that can't be waited for any longer.
func (r Reader) notReady(ctx context.Context, namespace string, v verdict, because string) error {
	return &NotReadyError{Progress: r.explained(ctx, namespace, v), Because: because}
}
