package manifest

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Annotate sets an annotation of what has metadata: an object or a pod
// template. Annotations that aren't a map are left for the API server to refuse.
func Annotate(object map[string]any, key, value string) {
	if annotations := mapIn(mapIn(object, "metadata"), "annotations"); annotations != nil {
		annotations[key] = value
	}
}

func label(object map[string]any, key, value string) {
	if labels := mapIn(mapIn(object, "metadata"), "labels"); labels != nil {
		labels[key] = value
	}
}

func unannotate(object map[string]any, key string) {
	unstructured.RemoveNestedField(object, "metadata", "annotations", key)
}

// mapIn returns a field that is a map, and makes it one if it is empty or
// absent: charts write `annotations:` with nothing behind it.
func mapIn(object map[string]any, field string) map[string]any {
	if object == nil {
		return nil
	}
	if object[field] == nil {
		object[field] = map[string]any{}
	}
	found, _ := object[field].(map[string]any)
	return found
}

// mapsIn returns those items of a list that are maps.
func mapsIn(list any) []map[string]any {
	items, _ := list.([]any)
	var found []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}
