package helmsvc

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// Namespace is what an instance's namespace carries.
type Namespace struct {
	Name        string
	Labels      map[string]string
	Annotations map[string]string
	// Owner is the annotation that marks the namespace as this instance's:
	// a namespace of the same name without it is left alone.
	Owner string
	// OwnerLabels mark it instead, if they are set.
	OwnerLabels map[string]string
}

// owns tells whether a namespace of the same name is the instance's.
func (n Namespace) owns(have *corev1.Namespace) bool {
	if len(n.OwnerLabels) == 0 {
		return have.Annotations[n.Owner] == n.Annotations[n.Owner]
	}
	return labels.SelectorFromSet(n.OwnerLabels).Matches(labels.Set(have.Labels))
}

// EnsureNamespace creates the namespace with everything it carries at once,
// since a pod's policy group is read when its network is made, and waits for
// its default ServiceAccount, without which pods are refused. Where there is a
// Registry it brings the namespace's pull Secret up to date.
func (c *Cluster) EnsureNamespace(ctx context.Context, want Namespace) error {
	_, err := c.clients.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: want.Name, Labels: want.Labels, Annotations: want.Annotations},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		err = c.adoptNamespace(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("creating namespace %s: %w", want.Name, err)
	}
	if err := c.awaitServiceAccount(ctx, want.Name); err != nil {
		return err
	}
	return c.ensurePullSecret(ctx, want.Name)
}

// adoptNamespace accepts a namespace that an earlier attempt at the same
// instance made.
func (c *Cluster) adoptNamespace(ctx context.Context, want Namespace) error {
	have, err := c.clients.CoreV1().Namespaces().Get(ctx, want.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !want.owns(have) {
		return &ConflictError{What: "namespace " + want.Name}
	}
	if have.DeletionTimestamp != nil {
		return apierrors.NewConflict(corev1.Resource("namespaces"), want.Name, fmt.Errorf("it is still being deleted"))
	}
	return nil
}

// ConflictError says that an object the broker needs exists and isn't its own.
type ConflictError struct{ What string }

func (e *ConflictError) Error() string {
	return e.What + " exists already and was not made for this service instance"
}

func (c *Cluster) awaitServiceAccount(ctx context.Context, namespace string) error {
	source := c.named("serviceaccounts", namespace, "default")
	_, err := watchtools.UntilWithSync(ctx, source, &corev1.ServiceAccount{}, nil, func(event watch.Event) (bool, error) {
		return event.Type == watch.Added || event.Type == watch.Modified, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the default ServiceAccount of namespace %s: %w", namespace, err)
	}
	return nil
}

// LabelNamespace brings the namespace's labels up to date, for people who read
// them.
func (c *Cluster) LabelNamespace(ctx context.Context, want Namespace) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": want.Labels}})
	if err != nil {
		return err
	}
	_, err = c.clients.CoreV1().Namespaces().Patch(ctx, want.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("labelling namespace %s: %w", want.Name, err)
	}
	return nil
}

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

// named lists and watches one object of the core API.
func (c *Cluster) named(resource, namespace, name string) cache.ListerWatcher {
	byName := fields.OneTermEqualSelector(metav1.ObjectNameField, name)
	return cache.NewListWatchFromClient(c.clients.CoreV1().RESTClient(), resource, namespace, byName)
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
			reasons = append(reasons, condition.Message)
		}
	}
	if len(reasons) == 0 {
		return ""
	}
	return " (" + strings.Join(reasons, "; ") + ")"
}
