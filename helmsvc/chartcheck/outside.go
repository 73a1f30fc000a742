package chartcheck

import (
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/release"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// outside finds what a release makes outside the instance's namespace, hooks
// included: the cluster-scoped kinds that the plan has to allow, sorted, and
// objects in other namespaces, which no plan can allow.
func outside(made *release.Release, read []manifest.Object) (kinds, mistakes []string) {
	if len(made.Chart.CRDObjects()) > 0 {
		kinds = append(kinds, "CustomResourceDefinition")
	}
	for _, o := range read {
		elsewhere := o.GetNamespace()
		switch {
		case clusterScoped[o.GroupVersionKind().GroupKind()]:
			kinds = append(kinds, o.GetKind())
		case elsewhere != "" && elsewhere != target().Namespace:
			mistakes = append(mistakes, fmt.Sprintf("%s: %s %s: it lies in namespace %s, outside the instance's, which no plan allows; take the namespace out", o.File, o.GetKind(), o.GetName(), elsewhere))
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), mistakes
}
