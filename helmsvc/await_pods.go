package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// ErrNoReadyPod says that an instance has pods and none of them is ready.
var ErrNoReadyPod = errors.New("no pod of the service instance is ready")

// ErrGone says that somebody else has removed an instance from the cluster.
var ErrGone = errors.New("the release of the service instance is gone from the cluster: somebody has removed it by hand; delete the service instance and create it anew")

// ViewReady is View once at least one pod is Ready. It waits up to patience,
// which may be 0, then returns ErrNoReadyPod. An instance without pods is ready
// as it is, or returns ErrGone. Services and pods are seen as they were at the
// cluster's revision since, or later: give that at which an operation on the
// instance ended. Empty is now.
func (c *Cluster) ViewReady(ctx context.Context, namespace, since string, patience time.Duration) (View, error) {
	view, err := c.view(ctx, namespace, since)
	switch {
	case err != nil || len(view.Pods) > 0:
		return view, err
	case !view.wantsPods():
		return view, c.checkThere(ctx, namespace)
	}
	if patience <= 0 {
		return View{}, noReadyPod(view, 0)
	}
	waitCtx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.awaitReadyPod(waitCtx, namespace); err != nil {
		if ctx.Err() == nil && waitCtx.Err() != nil {
			return View{}, noReadyPod(view, patience)
		}
		return View{}, fmt.Errorf("waiting for a ready pod in namespace %s: %w", namespace, err)
	}
	return c.View(ctx, namespace)
}

// checkThere tells an instance of a chart without pods from one of which
// nothing is left.
func (c *Cluster) checkThere(ctx context.Context, namespace string) error {
	var releases *corev1.SecretList
	err := c.inNamespace(ctx, namespace, func(clients kubernetes.Interface) (err error) {
		releases, err = clients.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm", Limit: 1})
		return err
	})
	if err != nil {
		return fmt.Errorf("looking for the release in namespace %s: %w", namespace, err)
	}
	if len(releases.Items) == 0 {
		return ErrGone
	}
	return nil
}

func noReadyPod(view View, patience time.Duration) error {
	err := ErrNoReadyPod
	if patience > 0 {
		err = fmt.Errorf("%w after %s", err, patience)
	}
	if view.reason == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, view.reason)
}

// wantsPods tells whether the instance is one that pods serve.
func (v View) wantsPods() bool {
	if v.unready > 0 {
		return true
	}
	for _, s := range v.Services {
		if len(s.Spec.Selector) > 0 {
			return true
		}
	}
	return false
}

func (c *Cluster) awaitReadyPod(ctx context.Context, namespace string) error {
	source := cache.NewListWatchFromClient(c.clients.CoreV1().RESTClient(), "pods", namespace, fields.Everything())
	_, err := watchtools.UntilWithSync(ctx, source, &corev1.Pod{}, nil, func(event watch.Event) (bool, error) {
		pod, ok := event.Object.(*corev1.Pod)
		return ok && event.Type != watch.Deleted && serves(pod) && isReady(pod), nil
	})
	return err
}
