package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// TestLongLists names the first few objects of each error that lists them, tells
// how many more there are and what to do, and has the rest for the log.
func TestLongLists(t *testing.T) {
	outside, exposed, unserved, unreachable := new(manifest.OutsideError), new(manifest.ExposedError), new(manifest.UnservedError), new(UnreachableError)
	var many []string
	for n := range 400 {
		name := fmt.Sprintf("object-%d", n)
		many = append(many, name)
		outside.Objects = append(outside.Objects, manifest.OutsideObject{Kind: "ConfigMap", Name: name, Namespace: "kube-system", File: "templates/d.yaml"})
		exposed.Exposures = append(exposed.Exposures, manifest.Exposure{Kind: "Pod", Name: name, Field: "hostNetwork"})
		unserved.Kinds = append(unserved.Kinds, manifest.UnservedKind{GroupVersionKind: schema.GroupVersionKind{Kind: name}, Names: []string{"x"}})
		unreachable.Ports = append(unreachable.Ports, name)
	}
	crowded := &manifest.UnservedError{Kinds: []manifest.UnservedKind{{Names: many}}}
	for advice, c := range map[string]struct {
		err     error
		unnamed int
	}{
		"take them out of the chart": {outside, 395},
		"allow_exposure":             {exposed, 395},
		"have the operator":          {unserved, 395},
		"tcp and udp":                {unreachable, 0},
		"brings these kinds":         {crowded, 0},
	} {
		text := c.err.Error()
		for _, words := range []string{"object-0", "object-4", " and 395 more", advice} {
			if !strings.Contains(text, words) {
				t.Errorf("%q isn't in: %.600s", words, text)
			}
		}
		if strings.Contains(text, "object-5") || len(text) > 600 {
			t.Errorf("%d bytes: %.600s", len(text), text)
		}
		unnamed := manifest.Unnamed(fmt.Errorf("installing: %w", c.err))
		named := slices.ContainsFunc(unnamed, func(object string) bool { return strings.Contains(object, "object-4 ") })
		if len(unnamed) != c.unnamed || named {
			t.Errorf("%s: %d objects are left to the log", advice, len(unnamed))
		}
	}
}
