package tenant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// DeleteNamespace deletes the namespace and waits until it is gone. One that
// isn't the instance's own is left alone. report is told at once what Kubernetes
// says is in the way; if ctx ends first, the error names it too.
func (n *Namespaces) DeleteNamespace(ctx context.Context, own Namespace, report func(obstacle string)) error {
	going, err := n.BeginDelete(ctx, own)
	if !going || err != nil {
		return err
	}
	n.releaseClaims(ctx, own.Name)
	return n.awaitNamespaceGone(ctx, own.Name, report)
}

// BeginDelete is DeleteNamespace without the waiting. going tells that there is
// something to wait for.
func (n *Namespaces) BeginDelete(ctx context.Context, own Namespace) (going bool, err error) {
	namespaces := n.clients.CoreV1().Namespaces()
	have, err := namespaces.Get(ctx, own.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && !own.owns(have):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading namespace %s: %w", own.Name, err)
	case have.DeletionTimestamp != nil:
		return true, nil
	}
	// The UID keeps a namespace of the same name, made meanwhile, alive.
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &have.UID}}
	err = namespaces.Delete(ctx, own.Name, options)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("deleting namespace %s: %w", own.Name, orMayPass(err))
	}
	return true, nil
}

// releaseClaims deletes the claims of a namespace that is being deleted. Kubernetes
// does that too, after five seconds, and since they stay for a moment then, as long
// as they are protected, it looks at the namespace five seconds later again. If they
// can't be deleted from here, that is what is left.
func (n *Namespaces) releaseClaims(ctx context.Context, namespace string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	instance, err := kubernetes.NewForConfig(n.As(Target{Namespace: namespace}))
	if err != nil {
		return
	}
	_ = instance.CoreV1().PersistentVolumeClaims(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
}

// orMayPass has a webhook's refusal tried again: whoever runs it may mend it, and
// the namespace has to go.
func orMayPass(err error) error {
	if strings.Contains(err.Error(), "admission webhook") {
		return &RetryableError{Why: err.Error()}
	}
	return err
}

func (n *Namespaces) awaitNamespaceGone(ctx context.Context, name string, report func(string)) error {
	byName := fields.OneTermEqualSelector(metav1.ObjectNameField, name)
	source := cache.NewListWatchFromClient(n.clients.CoreV1().RESTClient(), "namespaces", metav1.NamespaceAll, byName)
	gone := func(store cache.Store) (bool, error) { return len(store.List()) == 0, nil }
	_, err := watchtools.UntilWithSync(ctx, source, &corev1.Namespace{}, gone, func(event watch.Event) (bool, error) {
		namespace, ok := event.Object.(*corev1.Namespace)
		if ok && event.Type != watch.Deleted {
			n.clearWay(ctx, namespace)
			report(strings.Join(obstacles(namespace), "; "))
		}
		return event.Type == watch.Deleted, nil
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("waiting for namespace %s to be gone%s: %w", name, n.obstacle(ctx, name), err)
}

// clearWay takes what holds up the broker's own objects off them. Nobody has any
// business with these, so nothing waits for it. Where it may not, the obstacle
// is named like others.
func (n *Namespaces) clearWay(ctx context.Context, namespace *corev1.Namespace) {
	held := func(is corev1.NamespaceCondition) bool {
		return is.Type == corev1.NamespaceFinalizersRemaining && is.Status == corev1.ConditionTrue
	}
	if slices.ContainsFunc(namespace.Status.Conditions, held) {
		_ = n.freeBinding(ctx, namespace.Name)
	}
}

// obstacle is what the error says of why a namespace stays in Terminating.
func (n *Namespaces) obstacle(ctx context.Context, name string) string {
	// The operation's time may be up; this one read may still take a moment.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	namespace, err := n.clients.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	reasons := obstacles(namespace)
	if len(reasons) == 0 {
		return ""
	}
	return " (" + strings.Join(reasons, "; ") + ")"
}

// obstacles quotes the conditions by which Kubernetes explains why a namespace
// stays in Terminating.
func obstacles(namespace *corev1.Namespace) []string {
	var reasons []string
	for _, condition := range namespace.Status.Conditions {
		if condition.Status == corev1.ConditionTrue {
			reasons = append(reasons, manifest.Shorten(condition.Message))
		}
	}
	return reasons
}
