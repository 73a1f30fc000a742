package manifest_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestGroupLabels: pods carry their group as labels where a rule asks for it, whatever
// the chart says of them, and their workload's selector stays as it is.
func TestGroupLabels(t *testing.T) {
	const instance, appLabel = "0a1b2c3d-0000-4000-8000-000000000001", "cloudfoundry.org/app-guid"
	labels := []string{podgroup.Label, appLabel}
	deployment := `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, cloudfoundry.org/app-guid: stolen}}, spec: {}}}`
	for name, c := range map[string]struct {
		object string
		rules  manifest.Rules
		path   []string
		want   string
	}{
		"its workload's":       {deployment, manifest.Rules{Groups: instance, Group: instance, GroupLabels: labels}, []string{"spec", "template"}, podgroup.OfWorkload(instance, "Deployment", "web")},
		"the instance's":       {deployment, manifest.Rules{Group: instance, GroupLabels: labels}, []string{"spec", "template"}, instance},
		"a bare pod's":         {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}", manifest.Rules{Groups: instance, GroupLabels: labels}, nil, podgroup.OfWorkload(instance, "Pod", "p")},
		"labels without value": {"apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: }\nspec: {}", manifest.Rules{Group: instance, GroupLabels: labels}, nil, instance},
		"nobody asks":          {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}", manifest.Rules{Groups: instance, Group: instance}, nil, ""},
		"an operator's":        {deployment, manifest.Rules{AsIs: true, Group: instance, GroupLabels: labels[:1]}, []string{"spec", "template"}, ""},
		"another's pods":       {"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: p}\ntemplate: {spec: {}}", manifest.Rules{Group: instance, GroupLabels: labels}, []string{"template"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(c.object), &object.Object); err != nil {
				t.Fatal(err)
			}
			c.rules.Adjust(object)
			for _, key := range c.rules.GroupLabels {
				if got, _, _ := unstructured.NestedString(object.Object, append(c.path, "metadata", "labels", key)...); got != c.want {
					t.Errorf("the label %s is %q, want %q", key, got, c.want)
				}
			}
			if got, _, _ := unstructured.NestedString(object.Object, append(c.path, "metadata", "labels", podgroup.Label)...); got != c.want {
				t.Errorf("the label is %q, want %q", got, c.want)
			}
			if selector, found, _ := unstructured.NestedMap(object.Object, "spec", "selector", "matchLabels"); found && len(selector) != 1 {
				t.Errorf("pods are selected by %v", selector)
			}
		})
	}
}
