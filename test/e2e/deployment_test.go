package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestDeployedRights runs the flow with the manifests as they are, found by
// SERVER, TOKEN and CA_DATA. The other tests have the same by other names.
func TestDeployedRights(t *testing.T) {
	const name = "cf-helm-broker"
	account, err := rig.Account{Namespace: name, Prefix: "cf-helm"}.Make(t.Context(), shared.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = account.Remove(context.Background()) })
	f := newFoundation(t, sampleCharts, map[string]string{
		"KUBECONFIG":       "",
		"SERVER":           shared.RESTConfig().Host,
		"TOKEN":            account.Token,
		"CA_DATA":          string(shared.RESTConfig().CAData),
		"BROKER_NAMESPACE": name,
		"NAMESPACE_PREFIX": "cf-helm",
	})
	// Each within its plan's quota, also where it grows.
	for service, c := range map[string]struct {
		plan, becomes string
		parameters    map[string]any
	}{
		"redis":      {"cache", "persistent", nil},
		"postgresql": {"small", "", nil}, // the cluster's volumes don't grow
		"echo":       {"replicated", "replicated", map[string]any{"replicas": 5}},
	} {
		i := f.create(service, c.plan, nil)
		app, binding := f.app(), uuid.NewString()
		f.want(201)(f.Bind(t.Context(), i, binding, app))
		if len(f.cf.Policies()) != 1 {
			t.Errorf("%s: policies %+v, want one", service, f.cf.Policies())
		}
		f.want(200)(f.Unbind(t.Context(), i, binding))
		if c.becomes != "" {
			f.update(i, map[string]any{"plan_id": f.instance(service, c.becomes).Plan.ID, "parameters": c.parameters})
		}
		f.delete(i)
	}
	f.must(account.AwaitConfined(t.Context()))
	checkConfined(t, account.Config())
	var ready struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	f.must(f.want(200)(f.Send(t.Context(), http.MethodGet, "/readyz", nil)).Decode(&ready))
	if ready.Dependencies["kubernetes"] != "ok" {
		t.Errorf("/readyz says of Kubernetes: %s", ready.Dependencies["kubernetes"])
	}
	if strings.Contains(f.broker.Log(), "forbidden") {
		t.Errorf("the account lacks rights:\n%s", f.broker.Log())
	}
}

// checkConfined tries to reach a foreign namespace with the broker's account:
// directly, as an instance's account, and by giving that a role there.
func checkConfined(t *testing.T, config *rest.Config) {
	t.Helper()
	broker, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Impersonate.UserName = "system:serviceaccount:" + metav1.NamespaceSystem + ":" + tenant.InstanceAccount
	instance, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Impersonate.UserName = "system:serviceaccount:" + metav1.NamespaceSystem + ":default"
	another, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]kubernetes.Interface{"itself": broker, "an instance": instance, "another account": another} {
		if _, err := client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
			t.Errorf("as %s the broker lists the Secrets of kube-system: %v", name, err)
		}
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: tenant.InstanceAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: metav1.NamespaceSystem, Name: tenant.InstanceAccount}},
	}
	_, err = broker.RbacV1().RoleBindings(metav1.NamespaceSystem).Create(t.Context(), binding, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "the broker may write to namespaces that begin with cf-helm-") {
		t.Errorf("the broker gives itself a role in kube-system: %v", err)
	}
	binding.RoleRef.Name = "cluster-admin"
	instances := "cf-helm-" + uuid.NewString()
	makeNamespace(t, instances)
	_, err = broker.RbacV1().RoleBindings(instances).Create(t.Context(), binding, metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("the broker gives away the role cluster-admin: %v", err)
	}
}
