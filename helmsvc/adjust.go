package helmsvc

import (
	"io"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// adjustment changes an object of a chart into what the cluster gets.
//
// A release's record keeps the manifest as the chart renders it, and it is
// adjusted whenever it is read: to be made, compared, deleted. So an
// adjustment leaves alone what it doesn't understand, for the API server to
// refuse, and changes nothing more when it is applied again. For what depends
// on the revision, see making.
type adjustment func(object *unstructured.Unstructured)

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
		object, ok := info.Object.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		for _, adjust := range c.adjustments {
			adjust(object)
		}
	}
	return resources, nil
}
