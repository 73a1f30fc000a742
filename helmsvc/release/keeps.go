package release

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// keeps tells whether a live object stays when its release has it no more, as
// helm.sh/resource-policy says. In the instance's namespace it goes with the
// instance at last. Outside nothing would ever delete it, so it isn't kept
// there; but a CustomResourceDefinition is, with which everybody's custom
// resources would go.
func (c *boundClient) keeps(info *resource.Info, live runtime.Object) bool {
	object, err := meta.Accessor(live)
	return err == nil && manifest.WantsKept(object) && (!c.foreign(info) || manifest.IsCRD(info))
}
