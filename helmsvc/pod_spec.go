package helmsvc

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// podSpec returns the pod spec of an object that makes pods, in place, or nil.
func podSpec(object *unstructured.Unstructured) map[string]any {
	path := podSpecPath(object.GroupVersionKind().GroupKind())
	if path == nil {
		return nil
	}
	field, _, err := unstructured.NestedFieldNoCopy(object.Object, path...)
	if err != nil {
		return nil
	}
	spec, _ := field.(map[string]any)
	return spec
}

// podSpecPath goes by the group too: a custom resource may be called
// Deployment as well.
func podSpecPath(kind schema.GroupKind) []string {
	switch kind {
	case schema.GroupKind{Group: corev1.GroupName, Kind: "Pod"}:
		return []string{"spec"}
	case schema.GroupKind{Group: corev1.GroupName, Kind: "PodTemplate"}:
		return []string{"template", "spec"}
	case schema.GroupKind{Group: batchv1.GroupName, Kind: "CronJob"}:
		return []string{"spec", "jobTemplate", "spec", "template", "spec"}
	case
		schema.GroupKind{Group: corev1.GroupName, Kind: "ReplicationController"},
		schema.GroupKind{Group: appsv1.GroupName, Kind: "Deployment"},
		schema.GroupKind{Group: appsv1.GroupName, Kind: "StatefulSet"},
		schema.GroupKind{Group: appsv1.GroupName, Kind: "DaemonSet"},
		schema.GroupKind{Group: appsv1.GroupName, Kind: "ReplicaSet"},
		schema.GroupKind{Group: batchv1.GroupName, Kind: "Job"}:
		return []string{"spec", "template", "spec"}
	}
	return nil
}
