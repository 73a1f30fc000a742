package chartcheck

import (
	"os"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// TestGrantedIsWhatAdminAllows holds the list against the ClusterRole that
// instances have in their namespaces.
func TestGrantedIsWhatAdminAllows(t *testing.T) {
	text, err := os.ReadFile("testdata/admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(text, &role); err != nil {
		t.Fatal(err)
	}
	allowed := map[schema.GroupResource]bool{}
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			// Helm patches what it has created, and a group that has long gone is there still.
			creates := slices.Contains(rule.Verbs, "create") && slices.Contains(rule.Verbs, "patch")
			if creates && !strings.Contains(resource, "/") && rule.APIGroups[0] != "extensions" {
				allowed[schema.GroupResource{Group: rule.APIGroups[0], Resource: resource}] = true
			}
		}
	}
	for kind := range granted {
		plural, _ := meta.UnsafeGuessKindToResource(kind.WithVersion("v1"))
		if !allowed[plural.GroupResource()] {
			t.Errorf("%s isn't allowed by the role admin", kind)
		}
		delete(allowed, plural.GroupResource())
	}
	if len(allowed) != 0 {
		t.Errorf("the role admin also allows %v", allowed)
	}
}

// TestVersionIsThatOfTheLibraries holds the default Kubernetes version against
// go.mod.
func TestVersionIsThatOfTheLibraries(t *testing.T) {
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\tk8s.io/api v0."+kubeMinor+".") {
		t.Errorf("go.mod doesn't hold k8s.io/api v0.%s", kubeMinor)
	}
}
