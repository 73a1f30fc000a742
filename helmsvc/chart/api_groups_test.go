package chart_test

import (
	"slices"
	"testing"
)

// TestAPIGroups: a service uses an operator if it makes objects of an API group
// that the operator's chart defines custom resources in.
func TestAPIGroups(t *testing.T) {
	const definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: things.example.com\n  versions:\n    - schema:\n        properties:\n          group:\n            type: string\n"
	for name, c := range map[string]struct {
		files  map[string]string
		serves []string
		uses   string
	}{
		"a definition in crds/":           {map[string]string{"crds/a.yaml": definition}, []string{"things.example.com"}, ""},
		"one in a template":               {map[string]string{"templates/a.yaml": "{{- if .Values.crds }}\n" + definition + "{{- end }}"}, []string{"things.example.com"}, "apiextensions.k8s.io"},
		"one of a subchart":               {map[string]string{"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/crds/a.yaml": definition}, []string{"things.example.com"}, ""},
		"one in JSON":                     {map[string]string{"crds/a.json": "{\n  \"kind\": \"CustomResourceDefinition\",\n  \"spec\": {\n    \"group\": \"things.example.com\",\n    \"names\": {}\n  }\n}"}, []string{"things.example.com"}, ""},
		"an object":                       {map[string]string{"templates/a.yaml": "apiVersion: things.example.com/v1\nkind: Thing\n"}, nil, "things.example.com"},
		"quoted, in a list":               {map[string]string{"templates/a.yaml": "items:\n  - apiVersion: \"things.example.com/v1\"\n"}, nil, "things.example.com"},
		"of a subchart":                   {map[string]string{"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/a.yaml": "apiVersion: things.example.com/v1\n"}, nil, "things.example.com"},
		"a group elsewhere":               {map[string]string{"templates/a.yaml": "spec:\n  group: things.example.com\n"}, nil, ""},
		"Kubernetes' own without a group": {map[string]string{"templates/a.yaml": "apiVersion: v1\nkind: Secret\n"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.files["Chart.yaml"] = "apiVersion: v2\nname: thing\nversion: 1.0.0\n"
			catalog := load(t, write(t, c.files))
			if len(catalog.Services) != 1 {
				t.Fatalf("left out: %+v", catalog.Problems)
			}
			s := catalog.Services[0]
			if !slices.Equal(s.Serves(), c.serves) {
				t.Errorf("serves %q, want %q", s.Serves(), c.serves)
			}
			if all := []string{"other.example.com", "things.example.com", "apiextensions.k8s.io"}; s.UsesAny(all) != (c.uses != "") || s.UsesAny([]string{c.uses}) != (c.uses != "") {
				t.Errorf("uses any of %q: %t", all, s.UsesAny(all))
			}
		})
	}
}
