package e2e

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestClusterObjects makes, changes and deletes a ClusterRole that a plan
// allows, with what an operator grants for it: the kind, and what the role
// grants. Without the line in confine.yaml it is refused, and the refusal names
// the place.
func TestClusterObjects(t *testing.T) {
	roles := rig.Granted{
		Kinds: []string{"clusterroles.rbac.authorization.k8s.io"},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{"get", "create", "patch", "delete"}}},
	}
	t.Run("granted", func(t *testing.T) {
		f := newFoundation(t, "charts-cluster", nil, roles)
		i := f.create("roles", "none", nil)
		name := f.namespace(i) + "-reader"
		verb := func(want string) {
			t.Helper()
			role, err := kube.RbacV1().ClusterRoles().Get(t.Context(), name, metav1.GetOptions{})
			f.must(err)
			if role.Rules[0].Verbs[0] != want {
				t.Errorf("the role allows %v, want %s", role.Rules, want)
			}
		}
		verb("get")
		f.update(i, map[string]any{"parameters": map[string]any{"verb": "list"}})
		verb("list")
		// It may read and delete the role, and can't tell whether others were left.
		f.contains(f.runOrphans(1), "unknown: objects outside the instances' namespaces: the broker may not list clusterroles.rbac.authorization.k8s.io")
		f.delete(i)
		if _, err := kube.RbacV1().ClusterRoles().Get(t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("the ClusterRole is left: %v", err)
		}
	})
	t.Run("in rbac.yaml only", func(t *testing.T) {
		f := newFoundation(t, "charts-cluster", nil, rig.Granted{Rules: roles.Rules})
		i := f.instance("roles", "none")
		o := f.ended(i, f.want(202)(f.Provision(t.Context(), i, nil)).Operation())
		if o.State != "failed" {
			t.Errorf("the create ended as %+v", o)
		}
		f.contains(o.Description, "this is CREATE clusterroles in the cluster's scope")
		f.delete(i)
	})
}
