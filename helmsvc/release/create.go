package release

import (
	"cmp"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// prepare adjusts the objects that are about to be made. What the dry run
// couldn't see, or saw otherwise, is refused here.
func (c *boundClient) prepare(resources kube.ResourceList) error {
	if err := c.claim(resources); err != nil {
		c.failed = err // Helm keeps only the words of a hook's error
		return err
	}
	exposed := new(manifest.ExposedError)
	for _, info := range resources {
		object, ok := info.Object.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		c.rules.Adjust(object)
		exposed.Exposures = append(exposed.Exposures, manifest.ExposuresOf(object, "")...)
	}
	if !c.rules.Refuses() || len(exposed.Exposures) == 0 {
		return nil
	}
	c.failed = exposed
	return exposed
}

// Create makes objects: those of an install, of a hook, of crds/.
func (c *boundClient) Create(resources kube.ResourceList) (*kube.Result, error) {
	if err := c.prepare(resources); err != nil {
		return &kube.Result{}, err
	}
	for _, stage := range stages(resources) {
		if err := c.createAtOnce(stage); err != nil {
			return nil, err
		}
	}
	return &kube.Result{Created: resources}, nil
}

// createAtOnce makes objects that don't need each other. Of several errors the first
// object's counts, as with Helm.
func (c *boundClient) createAtOnce(resources kube.ResourceList) error {
	failures := make([]error, len(resources))
	var making sync.WaitGroup
	for at, info := range resources {
		making.Go(func() { _, failures[at] = c.Client.Create(kube.ResourceList{info}) })
	}
	making.Wait()
	return cmp.Or(failures...)
}
