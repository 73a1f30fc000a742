package chartcheck

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

// repeatedWarnings name the entries of lists that Kubernetes keeps by a key and
// that have one twice, such as a container's env. Which lists those are, and
// what their keys, stands in the schema of Kubernetes' own types, by which
// server-side apply goes.
func repeatedWarnings(objects []object) []string {
	converter := applyconfigurations.NewTypeConverter(scheme.Scheme)
	var found []string
	for _, o := range objects {
		if o.typed == nil {
			continue
		}
		_, err := converter.ObjectToTyped(o.typed)
		var refused typed.ValidationErrors
		if !errors.As(err, &refused) {
			continue
		}
		for _, e := range refused {
			if _, key, twice := strings.Cut(e.ErrorMessage, "duplicate entries for key "); twice {
				found = append(found, fmt.Sprintf("%s: %s has %s twice; one of the two counts, and clients that merge lists by this key, kubectl and helm among them, may lose both", o, strings.TrimPrefix(e.Path, "."), key))
			}
		}
	}
	return found
}
