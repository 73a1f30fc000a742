package manifest

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// UnservedError says that nothing was made of a chart, since the cluster
// doesn't serve some of its objects' kinds.
type UnservedError struct {
	// Kinds are all of them, once each, in the chart's order.
	Kinds []UnservedKind
}

// UnservedKind is a kind that the cluster doesn't serve in this version.
type UnservedKind struct {
	schema.GroupVersionKind
	// Names are those of the chart's objects of this kind.
	Names []string
}

func (e *UnservedError) Error() string {
	return fmt.Sprintf("the chart uses API versions that this cluster doesn't serve: %s; "+
		"take a chart made for this Kubernetes version, or have the operator installed that brings these kinds", Listed(e.AllObjects()))
}

// AllObjects are those that the words name only some of.
func (e *UnservedError) AllObjects() []string {
	var kinds []string
	for _, k := range e.Kinds {
		kinds = append(kinds, fmt.Sprintf("%s %s (%s)", k.GroupVersion(), k.Kind, Listed(k.Names)))
	}
	return kinds
}

// Add adds an object's kind.
func (e *UnservedError) Add(object *unstructured.Unstructured) {
	kind := object.GroupVersionKind()
	at := slices.IndexFunc(e.Kinds, func(k UnservedKind) bool { return k.GroupVersionKind == kind })
	if at < 0 {
		at = len(e.Kinds)
		e.Kinds = append(e.Kinds, UnservedKind{GroupVersionKind: kind})
	}
	if name := object.GetName(); !slices.Contains(e.Kinds[at].Names, name) {
		e.Kinds[at].Names = append(e.Kinds[at].Names, name)
	}
}
