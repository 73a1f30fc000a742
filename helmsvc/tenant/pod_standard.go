package tenant

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
)

// PodStandard is the Pod Security Standard that the labels of the target's namespace
// have the cluster enforce now: the plan's, the Config's, or an administrator's. Without
// any it is privileged; what the API server's own configuration says isn't seen.
func (n *Namespaces) PodStandard(ctx context.Context, target Target) (api.LevelVersion, error) {
	found := target.Made
	if found == nil {
		var err error
		if found, err = n.clients.CoreV1().Namespaces().Get(ctx, target.Namespace, metav1.GetOptions{}); err != nil {
			return api.LevelVersion{}, fmt.Errorf("reading the Pod Security Standard of namespace %s: %w", target.Namespace, err)
		}
	}
	anything := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	// Labels that are wrong count as the API server takes them.
	labelled, _ := api.PolicyToEvaluate(found.Labels, api.Policy{Enforce: anything, Audit: anything, Warn: anything})
	return labelled.Enforce, nil
}
