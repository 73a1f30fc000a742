package tenant

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InstanceAnnotation marks a namespace as that of the instance whose id it
// holds. Whoever acts in the namespace can't set it.
const InstanceAnnotation = "cf-helm-broker.io/instance-id"

// CheckOwn returns a ConflictError if the target's namespace isn't the one that was
// made for the instance, or, where its id isn't known, for any of its name: nothing
// may be done in it. Somebody else's may have the name.
func (n *Namespaces) CheckOwn(ctx context.Context, target Target) error {
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, target.Namespace, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking whose namespace %s is: %w", target.Namespace, err)
	}
	if isInstances(have, target.Instance) || isKiboshs(have) {
		return nil
	}
	return &ConflictError{What: "namespace " + target.Namespace}
}

// Taken tells whether a namespace of the name is there and isn't the instance's own.
func (n *Namespaces) Taken(ctx context.Context, want Namespace) (bool, error) {
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, want.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for namespace %s: %w", want.Name, err)
	}
	return !want.owns(have), nil
}

func isInstances(namespace *corev1.Namespace, instance string) bool {
	id := namespace.Annotations[InstanceAnnotation]
	switch {
	case id == "", instance != "" && id != instance:
		return false
	}
	return strings.HasSuffix(namespace.Name, "-"+id) || strings.HasSuffix(namespace.Name, "-"+shortID(id))
}

func isKiboshs(namespace *corev1.Namespace) bool {
	kiboshs := KiboshNamespace(namespace.Labels["instanceID"])
	return namespace.Name == kiboshs.Name && kiboshs.owns(namespace)
}
