package manifest

import (
	"slices"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// APIGroups are those of Kubernetes' API that what Read has read has to do with, beside
// Kubernetes' own: uses are those of its objects, hooks included and tests left out,
// serves those in which they, or definitions, the chart's crds/, define kinds. Each is
// sorted, and empty, not nil, where there are none.
func APIGroups(read []Object, definitions []helmchart.CRD) (uses, serves []string, err error) {
	objects, err := All(read, definitions)
	if err != nil {
		return nil, nil, err
	}
	groups := []string{}
	for _, o := range read {
		if kind := o.GroupVersionKind(); IsCustom(kind) && kind.GroupKind() != CRDKind {
			groups = append(groups, kind.Group)
		}
	}
	defined := []string{}
	for _, kind := range DefinedBy(objects) {
		defined = append(defined, kind.Group)
	}
	return distinct(groups), distinct(defined), nil
}

func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
