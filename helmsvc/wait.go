package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"

	corev1 "k8s.io/api/core/v1"
)

var podResource = corev1.SchemeGroupVersion.WithResource("pods")

// waitReady watches the release's objects, or those of a hook, and the
// namespace's pods until all objects are ready. It returns a NotReadyError when
// ctx's deadline passes, or earlier when an object says that it will never be
// ready.
func (c *Cluster) waitReady(ctx context.Context, namespace string, resources kube.ResourceList, hook bool, report func(Progress)) error {
	watched, err := c.watchRelease(ctx, namespace, resources)
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
		verdict.progress.Hook = hook
		if verdict.progress != last && report != nil {
			report(verdict.progress)
		}
		last = verdict.progress
		switch {
		case verdict.ready:
			return nil
		case verdict.failure != "":
			return c.notReady(ctx, namespace, last, verdict.failure)
		}
		select {
		case <-watched.changed:
		case <-watched.ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return c.notReady(ctx, namespace, last, "in time")
			}
			return context.Cause(watched.ctx)
		}
	}
}

// watchedRelease is a release's objects and pods, kept up to date by watches.
type watchedRelease struct {
	informers dynamicinformer.DynamicSharedInformerFactory
	objects   []watchedObject
	pods      cache.GenericLister
	synced    []cache.DoneChecker
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
}

func (c *Cluster) watchRelease(ctx context.Context, namespace string, resources kube.ResourceList) (*watchedRelease, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchedRelease{
		informers: dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, namespace, nil),
		changed:   make(chan struct{}, 1),
		ctx:       ctx,
		cancel:    cancel,
	}
	var err error
	if w.pods, err = w.inform(podResource); err != nil {
		w.stop()
		return nil, err
	}
	for _, info := range resources.Filter(judgedIn(namespace)) {
		lister, err := w.inform(info.Mapping.Resource)
		if err != nil {
			w.stop()
			return nil, err
		}
		kind := info.Mapping.GroupVersionKind.Kind
		w.objects = append(w.objects, watchedObject{kind: kind, name: info.Name, lister: lister.ByNamespace(namespace)})
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
	// An informer tries for ever; a missing right doesn't come by itself.
	err := informer.Informer().SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		if apierrors.IsForbidden(err) {
			w.cancel(fmt.Errorf("watching the release: %w", err))
			return
		}
		cache.DefaultWatchErrorHandler(ctx, r, err)
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", resource.Resource, err)
	}
	handler, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.wake() },
		UpdateFunc: func(any, any) { w.wake() },
		DeleteFunc: func(any) { w.wake() },
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", resource.Resource, err)
	}
	w.synced = append(w.synced, handler.HasSyncedChecker())
	return informer.Lister(), nil
}

func (w *watchedRelease) wake() {
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
// Where no pod says what is wrong (none could be made, say), the newest
// warning of the namespace does.
func (c *Cluster) notReady(ctx context.Context, namespace string, last Progress, because string) error {
	if last.Reason == "" {
		last.Reason = c.newestWarning(ctx, namespace)
	}
	return &NotReadyError{Progress: last, Because: because}
}

func (c *Cluster) newestWarning(ctx context.Context, namespace string) string {
	// The operation's time may be up; this one read may still take a moment.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	events, err := c.clients.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning"})
	if err != nil {
		return ""
	}
	var newest corev1.Event
	for _, event := range events.Items {
		if !happened(event).Before(happened(newest)) {
			newest = event
		}
	}
	if newest.Message == "" {
		return ""
	}
	return fmt.Sprintf("%s %s: %s", newest.InvolvedObject.Kind, newest.InvolvedObject.Name, shorten(newest.Message))
}

// happened is when an event was last seen: some reporters set the one field,
// some the other.
func happened(event corev1.Event) time.Time {
	if event.LastTimestamp.IsZero() {
		return event.EventTime.Time
	}
	return event.LastTimestamp.Time
}

func asUnstructured(object any) (*unstructured.Unstructured, error) {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("the watch delivered a %T", object)
	}
	return u, nil
}
