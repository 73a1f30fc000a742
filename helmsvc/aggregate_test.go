package helmsvc_test

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestOperatorsRights: what an operator adds to the rights of instances they
// have as soon as it is there.
func TestOperatorsRights(t *testing.T) {
	p := confined(t)
	operator := anotherPlace(t)
	operator.use(tenant.Config{Impersonate: true})
	added := "added-" + p.ns.Name
	c := chartOf("operator", map[string]string{"role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n" +
		"metadata: {name: " + added + ", labels: {rbac.authorization.k8s.io/aggregate-to-admin: 'true'}}\n" +
		"rules: [{apiGroups: [example.com], resources: [operateds], verbs: [get, list, watch, create, update, patch, delete]}]\n"})
	t.Cleanup(func() {
		_ = clients.RbacV1().ClusterRoles().Delete(context.Background(), added, metav1.DeleteOptions{})
		_ = definitionsAPI(t).ApiextensionsV1().CustomResourceDefinitions().Delete(context.Background(), definitionOf("Operated").Name, metav1.DeleteOptions{})
	})
	digest := "sha256:0123456789012345678901234567890123456789012345678901234567890123"
	err := operator.Converge(t.Context(), t.Context(), operator.target, chart.Rendered{Chart: bring(t, c, "Operated")}, digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Install(t.Context(), p.target, rendered(custom("Operated", "one")), nil); err != nil {
		t.Fatal(err)
	}
	if n := len(p.customs("Operated")); n != 1 {
		t.Errorf("%d objects were made, want 1", n)
	}
}
