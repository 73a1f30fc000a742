package networkpolicy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestTenant: whoever has the role admin in an instance's namespace changes none of the
// broker's objects there, and makes none that could be taken for one.
func TestTenant(t *testing.T) {
	s := newScene(t)
	namespace := s.ends.places[s.group].Namespace
	_, err := admin.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "tenant"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: namespace}},
	}, metav1.CreateOptions{})
	s.must(err)
	config := rest.CopyConfig(adminConfig)
	config.Impersonate.UserName = namespace
	tenant, err := kubernetes.NewForConfig(config)
	s.must(err)
	p := policy.To(s.operator, s.group, "tcp", 5432)
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	theirs := tenant.NetworkingV1().NetworkPolicies(namespace)
	attempt := func(name string) error {
		_, err := theirs.Create(t.Context(), &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	// Its right, and what own-objects.yaml says, count a moment later.
	s.must(wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) { return attempt("their-own") == nil, nil }))
	keeps := func(err error) bool { return err != nil && strings.Contains(err.Error(), "leave them as they are") }
	for _, name := range []string{"cf-helm-broker-in-x", "cf-helm-broker-out-x"} {
		s.must(wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) { return keeps(attempt(name)), nil }))
	}
	for _, object := range s.objects(text(p)) {
		if object.Namespace == namespace && !keeps(theirs.Delete(t.Context(), object.Name, metav1.DeleteOptions{})) {
			t.Errorf("it has deleted %s", object.Name)
		}
	}
	if missing, err := s.Missing(t.Context(), []policy.Policy{p}); err != nil || len(missing) > 0 {
		t.Errorf("missing are %v, %v", missing, err)
	}
}
