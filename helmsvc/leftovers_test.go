package helmsvc_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// keeping is a manifest whose object Helm wouldn't delete.
func keeping(manifest string) string {
	return strings.Replace(manifest, "metadata: {", "metadata: {annotations: {helm.sh/resource-policy: keep}, ", 1)
}

// TestNothingIsLeftOutside deletes what Helm leaves behind: what hooks have made,
// what the chart wants kept, and what it doesn't have any more.
func TestNothingIsLeftOutside(t *testing.T) {
	p := confined(t)
	p.target.ClusterObjects = []string{"ClusterRole"}
	names := map[string]string{}
	for _, name := range []string{"hook", "kept", "dropped", "older"} {
		names[name] = name + "-" + p.ns.Name
	}
	all := rendered(mapOf, hooked(clusterRole(names["hook"]), "pre-install"), hooked(clusterRole(names["older"]), "post-install"),
		keeping(clusterRole(names["kept"])), keeping(clusterRole(names["dropped"])))
	if err := p.Install(t.Context(), p.target, all, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, rendered(mapOf, hooked(clusterRole(names["hook"]), "pre-install"), keeping(clusterRole(names["kept"]))), nil); err != nil {
		t.Fatal(err)
	}
	if p.hasClusterRole(names["dropped"]) {
		t.Error("what the chart dropped is left, and no record will name it")
	}
	p.target.ClusterObjects = nil // another plan's, or the chart's plan is gone
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hook", "kept", "older"} {
		if p.hasClusterRole(names[name]) {
			t.Errorf("the ClusterRole of %s is left", name)
		}
	}
	if n := len(p.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
}

// TestNothingIsLeftWithoutRecords finds what is outside by its marks, where the
// records are damaged, and where they are gone with their namespace.
func TestNothingIsLeftWithoutRecords(t *testing.T) {
	for name, lose := range map[string]func(*place){
		"damaged": func(p *place) {
			for _, record := range p.releases() {
				record.Data["release"] = []byte("nothing")
				if _, err := clients.CoreV1().Secrets(p.ns.Name).Update(p.t.Context(), &record, metav1.UpdateOptions{}); err != nil {
					p.t.Fatal(err)
				}
			}
		},
		"gone": func(p *place) {
			if err := p.DeleteNamespace(p.t.Context(), p.ns, func(string) {}); err != nil {
				p.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := confined(t)
			p.target.ClusterObjects = []string{"ClusterRole.rbac.authorization.k8s.io"}
			made, hook, others := "made-"+p.ns.Name, "hook-"+p.ns.Name, "others-"+p.ns.Name
			if err := p.Install(t.Context(), p.target, rendered(mapOf, clusterRole(made), clusterRole(others), hooked(clusterRole(hook), "pre-install")), nil); err != nil {
				t.Fatal(err)
			}
			p.disown(others, nil)
			lose(p)
			if err := p.Uninstall(t.Context(), p.target); err != nil {
				t.Fatal(err)
			}
			if p.hasClusterRole(made) || p.hasClusterRole(hook) || !p.hasClusterRole(others) {
				t.Error("something of the release's own is left, or something else is gone")
			}
		})
	}
}

// TestDefinitionsStay: with a CustomResourceDefinition everybody's objects would go.
func TestDefinitionsStay(t *testing.T) {
	p := confined(t)
	p.target.ClusterObjects = []string{"CustomResourceDefinition"}
	definition, err := json.Marshal(definitionOf("Staying"))
	if err != nil {
		t.Fatal(err)
	}
	manifest := strings.Replace(string(definition), `"metadata":{`, `"metadata":{"annotations":{"helm.sh/resource-policy":"keep"},`, 1) + "\n"
	t.Cleanup(func() {
		definitions := definitionsAPI(t).ApiextensionsV1().CustomResourceDefinitions()
		_ = definitions.Delete(context.Background(), definitionOf("Staying").Name, metav1.DeleteOptions{})
	})
	if err := p.Install(t.Context(), p.target, rendered(mapOf, manifest), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, rendered(mapOf), nil); err != nil {
		t.Fatal(err)
	}
	if kept, err := p.KeptDefinitions(t.Context(), p.target); err != nil || !slices.Equal(kept, []string{definitionOf("Staying").Name}) {
		t.Errorf("kept are %v, %v", kept, err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if !defined(t, "Staying") {
		t.Error("the CustomResourceDefinition is gone")
	}
}
