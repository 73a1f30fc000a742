package tenant

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KiboshNamespace is the namespace that Kibosh made for an instance,
// recognised by Kibosh's labels.
func KiboshNamespace(instanceID string) Namespace {
	return Namespace{
		Name:        "kibosh-" + instanceID,
		OwnerLabels: map[string]string{"instanceID": instanceID, "app.kubernetes.io/managed-by": "kibosh"},
	}
}

// Has tells whether the namespace is there and the instance's own.
func (n *Namespaces) Has(ctx context.Context, want Namespace) (bool, error) {
	have, err := n.clients.CoreV1().Namespaces().Get(ctx, want.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for namespace %s: %w", want.Name, err)
	}
	return want.owns(have), nil
}
