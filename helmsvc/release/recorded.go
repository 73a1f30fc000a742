package release

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Recorded are the releases of which Helm has records in an instance's namespace, usable or
// not, and when the last record of each was made. They are read as the instance.
func (c *Client) Recorded(ctx context.Context, namespace string) (map[string]time.Time, error) {
	client, err := metadataClient(ctx, c.tenants.As(tenant.Target{Namespace: namespace}))
	if err != nil {
		return nil, err
	}
	found := map[string]time.Time{}
	secrets := client.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace)
	for secret, err := range listed(ctx, secrets, metav1.ListOptions{LabelSelector: "owner=helm"}) {
		if err != nil {
			return nil, fmt.Errorf("listing Helm's records in namespace %s: %w", namespace, err)
		}
		if name, at := secret.Labels["name"], secret.CreationTimestamp.Time; at.After(found[name]) {
			found[name] = at
		}
	}
	return found, nil
}
