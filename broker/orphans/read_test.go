package orphans

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestNamespaces: an instance's namespace is this broker's by its whole name; another's prefix may begin
// with this one's.
func TestNamespaces(t *testing.T) {
	const id, other = "0a1b2c3d-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000002"
	clients := fake.NewClientset()
	for name, instance := range map[string]string{
		"cf-helm-0a1b2c3d": id, "cf-helm-" + id: id, "cf-helm-eu-0a1b2c3d": id, "cf-helm-ffffffff": id, "cf-helm-eu": "", "default": other,
	} {
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if instance != "" {
			n.Annotations = map[string]string{tenant.InstanceAnnotation: instance}
		}
		if _, err := clients.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	found, present, err := Source{Prefix: "cf-helm"}.namespaces(t.Context(), clients)
	if err != nil || len(present) != 6 || len(found) != 2 || found[0].Name != "cf-helm-0a1b2c3d" || found[1].Name != "cf-helm-"+id {
		t.Errorf("found are %v of %v, %v", found, present, err)
	}
}
