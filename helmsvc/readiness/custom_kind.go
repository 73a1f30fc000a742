package readiness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

var definitionResource = apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions")

// kinds tells what objects of a cluster's custom kinds are like. It reads CRDs
// with the broker's rights: no instance may.
type kinds struct {
	definitions dynamic.Interface
	discovery   discovery.CachedDiscoveryInterface
}

// haveStatus tells whether objects of a custom kind have a status, as its CRD
// says; one of an aggregated API, which has none, isn't known to. doubt is why
// that may be wrong: where the broker may not read the CRD, discovery says
// whether the kind has the subresource, which most have that never set it, too.
func (k kinds) haveStatus(ctx context.Context, mapping *meta.RESTMapping) (has bool, doubt string, err error) {
	name := mapping.Resource.GroupResource().String()
	found, err := k.definitions.Resource(definitionResource).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return false, "", nil
	case apierrors.IsForbidden(err):
		has, err := k.haveSubresource(mapping)
		return has, fmt.Sprintf("the broker may not read the CustomResourceDefinition %s, so it can't tell whether the kind ever has a status; give it the rights of the deploy/kubernetes/rbac.yaml that came with it", name), err
	case err != nil:
		return false, "", fmt.Errorf("reading the CustomResourceDefinition %s: %w", name, err)
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, &definition); err != nil {
		return false, "", fmt.Errorf("reading the CustomResourceDefinition %s: %w", name, err)
	}
	at := slices.IndexFunc(definition.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == mapping.Resource.Version
	})
	return at >= 0 && holdsStatus(definition.Spec.Versions[at]), "", nil
}

// holdsStatus tells whether anything that is written into the status of objects
// of this version is kept: what the schema doesn't name is pruned.
func holdsStatus(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
	subresource := v.Subresources != nil && v.Subresources.Status != nil
	if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
		return subresource
	}
	whole := v.Schema.OpenAPIV3Schema
	of, named := whole.Properties["status"]
	if !named {
		return subresource && preserves(whole)
	}
	return len(of.Properties) > 0 || of.AdditionalProperties != nil || preserves(&of) || of.Type != "object"
}

func preserves(s *apiextensionsv1.JSONSchemaProps) bool {
	return s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields
}

func (k kinds) haveSubresource(mapping *meta.RESTMapping) (bool, error) {
	served, err := k.discovery.ServerResourcesForGroupVersion(mapping.Resource.GroupVersion().String())
	if err != nil {
		return false, fmt.Errorf("asking for the resources of %s: %w", mapping.Resource.GroupVersion(), err)
	}
	return slices.ContainsFunc(served.APIResources, func(r metav1.APIResource) bool {
		return strings.EqualFold(r.Name, mapping.Resource.Resource+"/status")
	}), nil
}
