package helmsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// ErrNoReadyPod says that an instance has pods and none of them is ready.
var ErrNoReadyPod = errors.New("no pod of the service instance is ready")

// ViewReady is View once at least one pod is Ready. It waits up to patience,
// which may be 0, then returns ErrNoReadyPod. An instance without pods is ready
// as it is.
func (c *Cluster) ViewReady(ctx context.Context, namespace string, patience time.Duration) (View, error) {
	view, err := c.View(ctx, namespace)
	if err != nil || len(view.Pods) > 0 || !view.wantsPods() {
		return view, err
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
