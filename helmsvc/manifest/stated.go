package manifest

import (
	"encoding/base64"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// Differences are differences between objects.
func Differences(before, wanted, live *unstructured.Unstructured) []string {
	return differences(stated(before), stated(wanted), stated(live))
}

// stated is what an object says, in the form in which it can be compared: of
// Kubernetes' own kinds each value is written as the API server writes it (1000m
// is 1), and what its type can't tell from nothing is left out; a Secret's
// stringData is its data. Of metadata there are labels and annotations: the rest
// is the API server's, or, finalizers say, shared with controllers. The status
// is a controller's.
func stated(object *unstructured.Unstructured) map[string]any {
	if object == nil {
		return nil
	}
	own := OwnFields(object)
	typed, err := typedForm(object, own)
	if err != nil {
		typed = own // a custom resource, or nothing that the API server takes
	}
	said, _ := said(own, typed).(map[string]any)
	return said
}

// OwnFields are a copy of those fields of an object that are its author's.
func OwnFields(object *unstructured.Unstructured) map[string]any {
	own := object.DeepCopy().Object
	metadata := map[string]any{}
	all, _ := own["metadata"].(map[string]any)
	for _, field := range []string{"labels", "annotations"} {
		if all[field] != nil {
			metadata[field] = all[field]
		}
	}
	delete(own, "status")
	own["metadata"] = metadata
	if object.GroupVersionKind() == corev1.SchemeGroupVersion.WithKind("Secret") {
		encodeData(own)
	}
	return own
}

// encodeData makes stringData data, as the API server does.
func encodeData(secret map[string]any) {
	texts, _ := secret["stringData"].(map[string]any)
	if data := mapIn(secret, "data"); data != nil {
		for key, value := range texts {
			if text, isText := value.(string); isText {
				data[key] = base64.StdEncoding.EncodeToString([]byte(text))
			}
		}
	}
	delete(secret, "stringData")
}

func typedForm(object *unstructured.Unstructured, fields map[string]any) (map[string]any, error) {
	kind := object.GroupVersionKind()
	typed, err := scheme.Scheme.New(kind)
	if kind == apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition") {
		typed, err = new(apiextensionsv1.CustomResourceDefinition), nil
	}
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, typed); err != nil {
		return nil, err
	}
	return runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
}

// said is what of a typed form was written out: types add fields that are empty.
func said(written, typed any) any {
	switch w := written.(type) {
	case map[string]any:
		t, same := typed.(map[string]any)
		if !same {
			return typed
		}
		kept := map[string]any{}
		for key, value := range w {
			if value != nil && t[key] != nil {
				kept[key] = said(value, t[key])
			}
		}
		return kept
	case []any:
		t, same := typed.([]any)
		if !same || len(t) != len(w) {
			return typed
		}
		kept := slices.Clone(t)
		for i := range w {
			kept[i] = said(w[i], t[i])
		}
		return kept
	}
	return typed
}
