package helmsvc

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Cached is all that the Observer keeps, as "Kind namespace/name".
func (o *Observer) Cached() map[string]any {
	kept := map[string]any{}
	for kind, informer := range map[string]cache.SharedIndexInformer{"Pod": o.pods, "Service": o.services} {
		store := informer.GetStore()
		for _, key := range store.ListKeys() {
			if object, found, err := store.GetByKey(key); err == nil && found {
				kept[kind+" "+key] = object
			}
		}
	}
	return kept
}

// JudgeCustom judges a custom resource whose kind has a status or hasn't.
func JudgeCustom(u *unstructured.Unstructured, hasStatus bool) (status, message string, told bool) {
	j := judgeCustom(u, hasStatus)
	return j.status.String(), j.message, j.told
}

// JudgeByPlan judges an object as a plan says.
func JudgeByPlan(u *unstructured.Unstructured, rule chart.Readiness) (status, message string) {
	j := judgeByPlan(u, &rule)
	return j.status.String(), j.message
}

// HoldsStatus tells whether objects of a CRD's version can have a status.
func HoldsStatus(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return holdsStatus(v) }
