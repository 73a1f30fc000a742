package release

import (
	"io"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Build reads a manifest's objects and adjusts them. Everything of a chart
// comes through here: its manifest, its hooks and crds/, and, for an upgrade
// or a rollback, the manifest that is compared with. Helm's post-renderers see
// the first of these only. Objects are validated by the API server, see strict.
func (c *boundClient) Build(reader io.Reader, _ bool) (kube.ResourceList, error) {
	resources, err := c.Client.Build(reader, false)
	if err != nil {
		return resources, err
	}
	if err := c.lendRights(resources); err != nil {
		return resources, err
	}
	for _, info := range resources {
		if object, ok := info.Object.(*unstructured.Unstructured); ok {
			c.registry.Adjust(object)
		}
	}
	return resources, nil
}
