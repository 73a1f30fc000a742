package manifest

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ExposedError says that nothing was made of a chart, since pods of it would be
// reachable around container-to-container policies.
type ExposedError struct{ Exposures []Exposure }

// Exposure is a field by which pods take ports of their node.
type Exposure struct {
	Kind, Name string
	// File is the chart's, "templates/agent.yaml"; empty if it isn't known.
	File string
	// Field is "hostNetwork" or such as "hostPort 80 of container web".
	Field string
}

func (e Exposure) String() string {
	object := e.Kind + " " + e.Name
	if e.File != "" {
		object += " (" + e.File + ")"
	}
	return object + ": " + e.Field
}

func (e *ExposedError) Error() string {
	return fmt.Sprintf("the chart takes ports of the nodes, where anybody could reach it without a binding: %s; "+
		"take them out of the chart, or let the plan say `allow_exposure: true`", Listed(e.AllObjects()))
}

// AllObjects are those that the words name only some of.
func (e *ExposedError) AllObjects() []string {
	var all []string
	for _, exposure := range e.Exposures {
		all = append(all, exposure.String())
	}
	return all
}

// Exposures finds where what Read has read takes ports of its nodes.
func Exposures(objects []Object) []Exposure {
	var found []Exposure
	for _, o := range objects {
		found = append(found, ExposuresOf(o.Unstructured, o.File)...)
	}
	return found
}

// ExposuresOf finds where the pods that an object makes take ports of their nodes.
func ExposuresOf(object *unstructured.Unstructured, file string) []Exposure {
	spec := podSpec(object)
	exposure := Exposure{Kind: object.GetKind(), Name: cmp.Or(object.GetName(), object.GetGenerateName()), File: file}
	var found []Exposure
	if spec["hostNetwork"] == true {
		exposure.Field = "hostNetwork"
		found = append(found, exposure)
	}
	for _, list := range []struct{ field, noun string }{{"containers", "container"}, {"initContainers", "init container"}} {
		for _, container := range mapsIn(spec[list.field]) {
			for _, port := range mapsIn(container["ports"]) {
				if taken := port["hostPort"]; isNumber(taken) {
					exposure.Field = fmt.Sprintf("hostPort %v of %s %v", taken, list.noun, container["name"])
					found = append(found, exposure)
				}
			}
		}
	}
	return found
}

// isNumber tells whether a field of an object is a number other than 0. The API
// server takes no other value for one.
func isNumber(value any) bool {
	switch n := value.(type) {
	case int64:
		return n != 0
	case float64:
		return n != 0
	}
	return false
}
