package manifest

import (
	"cmp"
	"slices"

	"helm.sh/helm/v3/pkg/kube"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DefinedBy returns the kinds that those of the objects define that are CRDs.
func DefinedBy(objects []*unstructured.Unstructured) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	for _, object := range objects {
		if object.GroupVersionKind() != apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition") {
			continue
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &definition); err != nil {
			continue // the API server refuses it as well, and says why
		}
		for _, version := range definition.Spec.Versions {
			if version.Served {
				kinds = append(kinds, schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind})
			}
		}
	}
	return kinds
}

// ResourcesDefinedBy returns the namespaced resources that those of the objects define
// that are CRDs, sorted.
func ResourcesDefinedBy(objects []*unstructured.Unstructured) []schema.GroupResource {
	var resources []schema.GroupResource
	for _, object := range objects {
		var definition apiextensionsv1.CustomResourceDefinition
		if object.GroupVersionKind().GroupKind() != CRDKind || runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &definition) != nil {
			continue // what can't be read the API server refuses as well, and says why
		}
		if definition.Spec.Scope == apiextensionsv1.NamespaceScoped {
			resources = append(resources, schema.GroupResource{Group: definition.Spec.Group, Resource: definition.Spec.Names.Plural})
		}
	}
	slices.SortFunc(resources, func(a, b schema.GroupResource) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(resources)
}

// WantsKept tells whether an object says that it stays when its release has it no
// more: by helm.sh/resource-policy.
func WantsKept(object metav1.Object) bool {
	return object.GetAnnotations()[kube.ResourcePolicyAnno] == kube.KeepPolicy
}

// CRDKind is the kind of what defines kinds. Such objects outlive the release:
// with one go everybody's custom resources.
var CRDKind = schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
