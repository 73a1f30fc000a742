package tenant

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
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
	// Isolation is an instance's; nil: an operator's namespace, which is no
	// tenant's and has none, nor an InstanceAccount.
	Isolation *Isolation
}

// owns tells whether a namespace of the same name is the instance's.
func (n Namespace) owns(have *corev1.Namespace) bool {
	if len(n.OwnerLabels) == 0 {
		return have.Annotations[n.Owner] == n.Annotations[n.Owner]
	}
	return labels.SelectorFromSet(n.OwnerLabels).Matches(labels.Set(have.Labels))
}

// EnsureNamespace creates the namespace with everything it carries at once,
// since a pod's policy group is read when its network is made, and its default
// ServiceAccount. Where there is a Registry with a user it brings the namespace's
// pull Secret up to date, else an instance has none. Of a namespace that is there
// already it brings the labels and the isolation up to date, so call it again
// before an upgrade to another plan, and before going back. It returns the
// namespace if it has made it, for Target.Made.
func (n *Namespaces) EnsureNamespace(ctx context.Context, want Namespace) (made *corev1.Namespace, err error) {
	made, err = n.clients.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: want.Name, Labels: present(n.labelsOf(want)), Annotations: want.Annotations},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		made, err = nil, n.adoptNamespace(ctx, want)
	}
	if err != nil {
		return nil, fmt.Errorf("creating namespace %s: %w", want.Name, err)
	}
	if err := n.fillNamespace(ctx, want, made != nil); err != nil {
		return nil, err
	}
	if made == nil && want.Isolation != nil {
		if err := n.dropPullSecret(ctx, want.Name); err != nil {
			return nil, err
		}
	}
	return made, n.EnsurePullSecret(ctx, want.Name, want.Isolation != nil)
}

// fillNamespace makes what the namespace needs, all at once.
func (n *Namespaces) fillNamespace(ctx context.Context, want Namespace, isNew bool) error {
	all, ctx := errgroup.WithContext(ctx)
	if n.settings.Impersonate && want.Isolation != nil {
		all.Go(func() error { return n.makeAccount(ctx, want.Name) })
	}
	all.Go(func() error { return n.isolate(ctx, want, isNew) })
	all.Go(func() error { return n.makeDefaultAccount(ctx, want.Name) })
	return all.Wait()
}

// adoptNamespace accepts a namespace that an earlier attempt at the same
// instance made, and labels it.
func (n *Namespaces) adoptNamespace(ctx context.Context, want Namespace) error {
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, want.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !want.owns(have) {
		return &ConflictError{What: "namespace " + want.Name}
	}
	if have.DeletionTimestamp != nil {
		return &RetryableError{Why: "it is still being deleted"}
	}
	return n.labelNamespace(ctx, want)
}

// ConflictError says that an object the broker needs exists and isn't its own.
type ConflictError struct{ What string }

func (e *ConflictError) Error() string {
	return e.What + " exists already and was not made for this service instance"
}

// makeDefaultAccount makes the ServiceAccount without which the API server refuses
// pods. A controller of Kubernetes makes it sooner or later, and takes one that is
// there for its own.
func (n *Namespaces) makeDefaultAccount(ctx context.Context, namespace string) error {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, err := n.clients.CoreV1().ServiceAccounts(namespace).Create(ctx, account, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return doing(err, "creating the default ServiceAccount of namespace %s", namespace)
}

// labelNamespace brings the namespace's labels up to date: for people who read
// them, and for what the cluster admits by them.
func (n *Namespaces) labelNamespace(ctx context.Context, want Namespace) error {
	return doing(n.patchMetadata(ctx, want.Name, "labels", n.labelsOf(want)), "labelling namespace %s", want.Name)
}

// patchMetadata changes labels or annotations of a namespace; those that are
// null are taken away, and those that aren't named stay.
func (n *Namespaces) patchMetadata(ctx context.Context, namespace, field string, to any) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{field: to}})
	if err != nil {
		return err
	}
	_, err = n.clients.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// Regroup has the pods that are made in the namespace from now on belong to
// another policy group: that of want's annotation. Those that run keep theirs.
func (n *Namespaces) Regroup(ctx context.Context, want Namespace) error {
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, want.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading namespace %s: %w", want.Name, err)
	}
	if !want.owns(have) {
		return &ConflictError{What: "namespace " + want.Name}
	}
	group := want.Annotations[podgroup.Annotation]
	if have.Annotations[podgroup.Annotation] == group {
		return nil
	}
	annotations := map[string]string{podgroup.Annotation: group}
	return doing(n.patchMetadata(ctx, want.Name, "annotations", annotations), "annotating namespace %s", want.Name)
}
