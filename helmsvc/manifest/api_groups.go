package manifest

import (
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// APIGroups are those of Kubernetes' API that a release has to do with, beside
// Kubernetes' own: uses are those of its objects, hooks included and tests left out,
// serves those in which they, or definitions, the chart's crds/, define kinds. Each is
// sorted, and empty, not nil, where there are none.
func APIGroups(r *release.Release, definitions []helmchart.CRD) (uses, serves []string, err error) {
	objects, err := DecodeDefinitions(definitions)
	if err != nil {
		return nil, nil, err
	}
	groups := []string{}
	err = EachObject(r, func(object *unstructured.Unstructured, _ string) {
		objects = append(objects, object)
		if kind := object.GroupVersionKind(); IsCustom(kind) && kind.GroupKind() != CRDKind {
			groups = append(groups, kind.Group)
		}
	})
	defined := []string{}
	for _, kind := range DefinedBy(objects) {
		defined = append(defined, kind.Group)
	}
	return distinct(groups), distinct(defined), err
}

func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
