package tenant

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
)

// PodStandard is the Pod Security Standard that the labels of a namespace have the
// cluster enforce now: the plan's, the Config's, or an administrator's. Without any
// it is privileged; what the API server's own configuration says isn't seen.
func (n *Namespaces) PodStandard(ctx context.Context, namespace string) (api.LevelVersion, error) {
	found, err := n.clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("reading the Pod Security Standard of namespace %s: %w", namespace, err)
	}
	anything := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	// Labels that are wrong count as the API server takes them.
	labelled, _ := api.PolicyToEvaluate(found.Labels, api.Policy{Enforce: anything, Audit: anything, Warn: anything})
	return labelled.Enforce, nil
}
