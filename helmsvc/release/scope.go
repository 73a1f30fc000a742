package release

import (
	"fmt"
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// checkOutside returns an OutsideError if the release's objects, or what of the chart's
// crds/ the cluster doesn't have, lie outside the instance's namespace and
// aren't allowed there.
func (s *session) checkOutside(objects []manifest.Object, definitions []helmchart.CRD) error {
	if !s.client.rules.Confined {
		return nil
	}
	refused := new(manifest.OutsideError)
	scopes, err := s.checkDefinitions(refused, definitions)
	if err != nil {
		return err
	}
	for _, object := range objects {
		namespaced, err := s.isNamespaced(object.GroupVersionKind(), scopes)
		if err != nil {
			return err
		}
		inside := namespaced && (object.GetNamespace() == "" || object.GetNamespace() == s.client.Namespace)
		if !inside && !s.client.rules.Allows(object.GroupVersionKind().GroupKind(), namespaced) {
			refused.Add(object.Unstructured, namespaced, object.File)
		}
	}
	return refused.OrNil()
}

// checkDefinitions adds the chart's CRDs that would have to be made and aren't
// allowed, and returns which kinds crds/ brings, and whether these are
// namespaced.
func (s *session) checkDefinitions(refused *manifest.OutsideError, definitions []helmchart.CRD) (map[schema.GroupKind]bool, error) {
	scopes := map[schema.GroupKind]bool{}
	for _, d := range definitions {
		objects, err := manifest.DecodeDefinitions([]helmchart.CRD{d})
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			scope, _, _ := unstructured.NestedString(object.Object, "spec", "scope")
			for _, kind := range manifest.DefinedBy([]*unstructured.Unstructured{object}) {
				scopes[kind.GroupKind()] = scope != "Cluster"
			}
			if s.serves(object) || s.client.rules.Allows(object.GroupVersionKind().GroupKind(), false) {
				continue
			}
			refused.Add(object, false, d.File.Name)
		}
	}
	return scopes, nil
}

// serves tells whether the cluster serves all that a CRD defines.
func (s *session) serves(definition *unstructured.Unstructured) bool {
	defined := manifest.DefinedBy([]*unstructured.Unstructured{definition})
	missing := func(kind schema.GroupVersionKind) bool {
		_, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		return err != nil
	}
	return len(defined) > 0 && !slices.ContainsFunc(defined, missing)
}

// hasDefinitions tells whether crds/ may be left out: the cluster has it all,
// by an operator say, and the plan doesn't allow to make it.
func (s *session) hasDefinitions(definitions []helmchart.CRD) bool {
	if !s.client.rules.Confined || s.client.rules.Allows(manifest.CRDKind, false) {
		return false
	}
	objects, err := manifest.DecodeDefinitions(definitions)
	return err == nil && !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return !s.serves(o) })
}

// isNamespaced tells whether objects of a kind lie in namespaces. Those of a
// kind that nobody knows are taken to: if they come after all, they are looked
// at again when they are made.
func (s *session) isNamespaced(kind schema.GroupVersionKind, scopes map[schema.GroupKind]bool) (bool, error) {
	mapping, err := s.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		namespaced, known := scopes[kind.GroupKind()]
		return namespaced || !known, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking for the cluster's kinds: %w", err)
	}
	return mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}
