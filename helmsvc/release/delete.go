package release

import (
	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Delete deletes objects: those of an uninstall, of hooks, and what a failed
// rollback has made.
func (c *boundClient) Delete(resources kube.ResourceList) (*kube.Result, []error) {
	return c.DeleteWithPropagationPolicy(resources, metav1.DeletePropagationBackground)
}

// DeleteWithPropagationPolicy is Delete as Helm's uninstall calls it.
func (c *boundClient) DeleteWithPropagationPolicy(resources kube.ResourceList, policy metav1.DeletionPropagation) (*kube.Result, []error) {
	own, err := c.owned(resources)
	if err != nil {
		return nil, []error{err}
	}
	if len(own) == 0 && len(resources) > 0 {
		return &kube.Result{}, nil // Helm takes it for an error
	}
	return c.Client.DeleteWithPropagationPolicy(own, policy)
}
