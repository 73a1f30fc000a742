package helmsvc

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// DeleteNamespace deletes the namespace and waits until it is gone. One that
// isn't the instance's own is left alone. If ctx ends first, the error names
// what Kubernetes says is in the way.
func (c *Cluster) DeleteNamespace(ctx context.Context, own Namespace) error {
	namespaces := c.clients.CoreV1().Namespaces()
	have, err := namespaces.Get(ctx, own.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && !own.owns(have) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading namespace %s: %w", own.Name, err)
	}
	// The UID keeps a namespace of the same name, made meanwhile, alive.
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &have.UID}}
	err = namespaces.Delete(ctx, own.Name, options)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting namespace %s: %w", own.Name, err)
	}
	return c.awaitNamespaceGone(ctx, own.Name)
}

func (c *Cluster) awaitNamespaceGone(ctx context.Context, name string) error {
	source := c.named("namespaces", metav1.NamespaceAll, name)
	gone := func(store cache.Store) (bool, error) { return len(store.List()) == 0, nil }
	_, err := watchtools.UntilWithSync(ctx, source, &corev1.Namespace{}, gone, func(event watch.Event) (bool, error) {
		return event.Type == watch.Deleted, nil
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("waiting for namespace %s to be gone%s: %w", name, c.obstacle(ctx, name), err)
}

// obstacle quotes the conditions by which Kubernetes explains why a namespace
// stays in Terminating.
func (c *Cluster) obstacle(ctx context.Context, name string) string {
	// The operation's time may be up; this one read may still take a moment.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	namespace, err := c.clients.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	var reasons []string
	for _, condition := range namespace.Status.Conditions {
		if condition.Status == corev1.ConditionTrue {
			reasons = append(reasons, shorten(condition.Message))
		}
	}
	if len(reasons) == 0 {
		return ""
	}
	return " (" + strings.Join(reasons, "; ") + ")"
}
