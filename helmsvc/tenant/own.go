package tenant

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InstanceAnnotation marks a namespace as that of the instance whose id it
// holds. Whoever acts in the namespace can't set it.
const InstanceAnnotation = "cf-helm-broker.io/instance-id"

// CheckOwn returns a ConflictError if the namespace isn't the one that was made
// for an instance of its name: nothing may be done in it. Somebody else's may
// have the name, and the instance's create has failed by that.
func (n *Namespaces) CheckOwn(ctx context.Context, namespace string) error {
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking whose namespace %s is: %w", namespace, err)
	}
	if isInstances(have) || isKiboshs(have) {
		return nil
	}
	return &ConflictError{What: "namespace " + namespace}
}

func isInstances(namespace *corev1.Namespace) bool {
	id := namespace.Annotations[InstanceAnnotation]
	return id != "" && strings.HasSuffix(namespace.Name, "-"+id)
}

func isKiboshs(namespace *corev1.Namespace) bool {
	kiboshs := KiboshNamespace(namespace.Labels["instanceID"])
	return namespace.Name == kiboshs.Name && kiboshs.owns(namespace)
}
