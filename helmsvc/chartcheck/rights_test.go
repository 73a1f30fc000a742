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

// TestGrantedIsWhatIsDeployed holds the list against the deployed ClusterRole.
// What charts may make, the broker may create and patch.
func TestGrantedIsWhatIsDeployed(t *testing.T) {
	text, err := os.ReadFile("../../deploy/kubernetes/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	deployed := map[schema.GroupResource]bool{}
	for _, document := range strings.Split(string(text), "\n---\n") {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal([]byte(document), &role); err != nil || role.Kind != "ClusterRole" {
			continue
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				if slices.Contains(rule.Verbs, "create") && slices.Contains(rule.Verbs, "patch") {
					deployed[schema.GroupResource{Group: rule.APIGroups[0], Resource: resource}] = true
				}
			}
		}
	}
	// Instances' namespaces are the broker's to make, not the charts'.
	delete(deployed, schema.GroupResource{Resource: "namespaces"})
	for kind := range granted {
		plural, _ := meta.UnsafeGuessKindToResource(kind.WithVersion("v1"))
		if !deployed[plural.GroupResource()] {
			t.Errorf("%s isn't allowed by rbac.yaml", kind)
		}
		delete(deployed, plural.GroupResource())
	}
	if len(deployed) != 0 {
		t.Errorf("rbac.yaml also allows %v", deployed)
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
