package manifest

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// podSpec returns the pod spec of an object that makes pods, in place, or nil.
func podSpec(object *unstructured.Unstructured) map[string]any {
	spec, _ := podTemplate(object)["spec"].(map[string]any)
	return spec
}

// podTemplate returns what an object makes pods of, in place, with their
// metadata and spec: the object itself if it is a pod. It returns nil if the
// object makes none.
func podTemplate(object *unstructured.Unstructured) map[string]any {
	path := podSpecPath(object.GroupVersionKind().GroupKind())
	if path == nil {
		return nil
	}
	field, _, err := unstructured.NestedFieldNoCopy(object.Object, path[:len(path)-1]...)
	if err != nil {
		return nil
	}
	template, _ := field.(map[string]any)
	return template
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
