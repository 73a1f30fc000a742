package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestOwnObjects has an instance's account try to change what is the broker's in
// its namespace, and nothing else.
func TestOwnObjects(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"NETWORK_POLICY_FROM": "10.0.0.0/8"})
	i := f.create("fixture", "plain", nil)
	namespace, ctx := f.namespace(i), t.Context()
	instance, err := kubernetes.NewForConfig(tenant.AsInstance(shared.RESTConfig(), namespace))
	f.must(err)
	held := []byte(`{"metadata":{"finalizers":["example.com/hold"]}}`)
	bindings, accounts := instance.RbacV1().RoleBindings(namespace), instance.CoreV1().ServiceAccounts(namespace)
	policies, now, all := instance.NetworkingV1().NetworkPolicies(namespace), metav1.DeleteOptions{}, metav1.ListOptions{}
	secrets := instance.CoreV1().Secrets(namespace)
	record := func(name, generate string) error {
		_, err := secrets.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, GenerateName: generate}}, metav1.CreateOptions{})
		return err
	}
	f.eventually("the policy is in effect", func() bool {
		_, err := bindings.Patch(ctx, tenant.InstanceAccount, types.MergePatchType, []byte(`{}`), metav1.PatchOptions{DryRun: []string{"All"}})
		return err != nil && strings.Contains(err.Error(), "belong to the broker")
	})
	for what, try := range map[string]func() error{
		"hold the RoleBinding": func() error {
			_, err := bindings.Patch(ctx, tenant.InstanceAccount, types.MergePatchType, held, metav1.PatchOptions{})
			return err
		},
		"delete the RoleBinding": func() error { return bindings.Delete(ctx, tenant.InstanceAccount, now) },
		"delete RoleBindings":    func() error { return bindings.DeleteCollection(ctx, now, all) },
		"hold the account": func() error {
			_, err := accounts.Patch(ctx, tenant.InstanceAccount, types.MergePatchType, held, metav1.PatchOptions{})
			return err
		},
		"delete the account":       func() error { return accounts.Delete(ctx, tenant.InstanceAccount, now) },
		"write a release's record": func() error { return record("sh.helm.release.v1."+tenant.ReleaseName(i.ID)+".v9", "") },
		"have a record named":      func() error { return record("", "sh.helm.release.v1."+tenant.ReleaseName(i.ID)+".v") },
		"delete all records": func() error {
			return secrets.DeleteCollection(ctx, now, metav1.ListOptions{LabelSelector: "owner=helm"})
		},
		"delete the NetworkPolicy": func() error { return policies.Delete(ctx, "cf-helm-broker", now) },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), "belong to the broker") {
			t.Errorf("it tried to %s: %v", what, err)
		}
	}
	_, err = accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "own"}}, metav1.CreateOptions{})
	f.must(err)
	_, err = bindings.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "own"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "own"}},
	}, metav1.CreateOptions{})
	f.must(err)
	f.must(bindings.Delete(ctx, "own", now))
	f.must(record("sh.helm.release.v1.another.v1", "")) // a chart may use Helm itself
	f.delete(i)
}
