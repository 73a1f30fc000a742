package chart_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestExamples: the values that deploy/examples gives the chart are taken by it, and
// whoever renders without the cluster makes no password.
func TestExamples(t *testing.T) {
	loaded := load(t)
	for file, at := range map[string][]string{
		"argo-cd.yaml": {"spec", "source", "helm", "valuesObject"},
		"flux.yaml":    {"spec", "values"},
	} {
		objects := decode(t, file, read(t, root+"/deploy/examples/"+file))
		given, found, err := unstructured.NestedMap(objects[len(objects)-1].Object, at...)
		if err != nil || !found {
			t.Fatalf("%s: no values at %s: %v", file, strings.Join(at, "."), err)
		}
		files, err := render(loaded, given, release(name, name))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if makes := strings.TrimSpace(files["secret.yaml"]) != ""; makes != (file == "flux.yaml") {
			t.Errorf("%s: that the chart makes a Secret is %t", file, makes)
		}
	}
}
