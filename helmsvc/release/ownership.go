package release

import (
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Helm's marks of what belongs to a release.
const (
	releaseAnnotation          = "meta.helm.sh/release-name"
	releaseNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// foreign tells whether the object lies outside the namespace of the instance
// as which Helm acts.
func (c *boundClient) foreign(info *resource.Info) bool {
	return c.broker != nil && (!info.Namespaced() || info.Namespace != c.Namespace)
}

// lendRights has foreign objects read and written with the broker's rights.
// What may be done with them is for claim and owned to say.
func (c *boundClient) lendRights(resources kube.ResourceList) error {
	for _, info := range resources {
		if !c.foreign(info) {
			continue
		}
		client, err := clientOf(c.broker, info.Mapping)
		if err != nil {
			return fmt.Errorf("building the broker's client for %s: %w", info.Mapping.Resource.Resource, err)
		}
		info.Client = client
	}
	return nil
}

// clientOf is a client for objects of one kind, of the sort that Helm has.
func clientOf(config *rest.Config, mapping *meta.RESTMapping) (resource.RESTClient, error) {
	config = rest.CopyConfig(config)
	config.ContentConfig = resource.UnstructuredPlusDefaultContentConfig()
	version := mapping.GroupVersionKind.GroupVersion()
	config.GroupVersion, config.APIPath = &version, "/apis"
	if version.Group == "" {
		config.APIPath = "/api"
	}
	return rest.RESTClientFor(config)
}

// claim refuses foreign objects that the plan doesn't allow, and marks the
// others as the release's own, also where Helm doesn't: by that mark they are
// known later. CRDs stay without it, unless Helm makes it: what is in crds/ is
// everybody's, and Helm deletes no hook's.
func (c *boundClient) claim(resources kube.ResourceList) error {
	refused := new(manifest.OutsideError)
	for _, info := range resources {
		object, ok := info.Object.(*unstructured.Unstructured)
		if !ok || !c.foreign(info) {
			continue
		}
		allowed := c.rules.Allows(info.Mapping.GroupVersionKind.GroupKind(), info.Namespaced())
		if allowed && manifest.IsCRD(info) {
			continue
		}
		whose, err := c.whose(info)
		switch {
		case err != nil:
			return err
		case whose == others && allowed:
			return &tenant.ConflictError{What: object.GetKind() + " " + object.GetName()}
		case allowed:
			c.mark(object)
		case whose != its || !c.rules.Lenient:
			refused.Add(object, info.Namespaced(), "")
		}
	}
	return refused.OrNil()
}

func (c *boundClient) mark(object *unstructured.Unstructured) {
	manifest.Annotate(object.Object, releaseAnnotation, c.release)
	manifest.Annotate(object.Object, releaseNamespaceAnnotation, c.Namespace)
}

// owned leaves out foreign objects that are gone, or that aren't the release's
// own. What a release's record says can't be relied on: the instance could
// have written it. The marks of a foreign object it could not.
func (c *boundClient) owned(resources kube.ResourceList) (kube.ResourceList, error) {
	var own kube.ResourceList
	for _, info := range resources {
		if c.foreign(info) {
			whose, err := c.whose(info)
			if err != nil {
				return nil, err
			}
			if whose != its {
				continue
			}
		}
		own = append(own, info)
	}
	return own, nil
}

// ownership of a foreign object.
type ownership int

const (
	nobodys ownership = iota // it isn't there
	its                      // the release's
	others
)

// whose tells whose a foreign object is. What the broker may not look at it
// can't have made.
func (c *boundClient) whose(info *resource.Info) (ownership, error) {
	live, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	switch {
	case apierrors.IsNotFound(err):
		return nobodys, nil
	case apierrors.IsForbidden(err):
		return others, nil
	case err != nil:
		return others, fmt.Errorf("looking whose %s %s is: %w", info.Mapping.GroupVersionKind.Kind, info.Name, err)
	}
	object, err := meta.Accessor(live)
	if err != nil {
		return others, fmt.Errorf("looking whose %s %s is: %w", info.Mapping.GroupVersionKind.Kind, info.Name, err)
	}
	marks := object.GetAnnotations()
	if marks[releaseAnnotation] == c.release && marks[releaseNamespaceAnnotation] == c.Namespace {
		return its, nil
	}
	return others, nil
}
