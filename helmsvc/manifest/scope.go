package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// OutsideError says that nothing was made of a chart, since objects of it would
// lie outside the instance's namespace and its plan doesn't allow them.
type OutsideError struct{ Objects []OutsideObject }

// OutsideObject is an object that would lie outside the instance's namespace.
type OutsideObject struct {
	Kind, Name string
	// Namespace is the object's own, empty if it is cluster-scoped.
	Namespace string
	// File is the chart's, "templates/role.yaml"; empty if it isn't known.
	File string
}

func (o OutsideObject) String() string {
	text := o.Kind + " " + o.Name
	if o.Namespace != "" {
		text += " in namespace " + o.Namespace
	}
	if o.File != "" {
		text += " (" + o.File + ")"
	}
	return text
}

func (e *OutsideError) Error() string {
	var kinds []string
	elsewhere := false
	for _, o := range e.Objects {
		elsewhere = elsewhere || o.Namespace != ""
		if o.Namespace == "" && !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
	}
	text := "the chart makes objects outside the service instance's namespace: " + Listed(e.AllObjects()) + "; take them out of the chart"
	if len(kinds) > 0 {
		text += fmt.Sprintf(", or let the plan say `cluster_objects: [%s]`", strings.Join(kinds, ", "))
	}
	if elsewhere {
		text += "; no plan allows objects in other namespaces"
	}
	return text
}

// AllObjects are those that the words name only some of.
func (e *OutsideError) AllObjects() []string {
	var all []string
	for _, o := range e.Objects {
		all = append(all, o.String())
	}
	return all
}

// Add adds an object, of the chart's file.
func (e *OutsideError) Add(object *unstructured.Unstructured, namespaced bool, file string) {
	outside := OutsideObject{Kind: object.GetKind(), Name: cmp.Or(object.GetName(), object.GetGenerateName()), File: file}
	if namespaced {
		outside.Namespace = object.GetNamespace()
	}
	e.Objects = append(e.Objects, outside)
}

// OrNil is nil if no object was added.
func (e *OutsideError) OrNil() error {
	if len(e.Objects) == 0 {
		return nil
	}
	return e
}

// Allows tells whether an object outside the instance's namespace may be made.
func (r Rules) Allows(kind schema.GroupKind, namespaced bool) bool {
	return !namespaced && (slices.Contains(r.ClusterKinds, kind.Kind) || slices.Contains(r.ClusterKinds, kind.String()))
}
