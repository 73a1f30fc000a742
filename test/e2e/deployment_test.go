package e2e

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

const manifests = "../../deploy/kubernetes"

// TestDeployedRights runs the flow with exactly the service account that the
// manifests make, found by SERVER, TOKEN and CA_DATA.
func TestDeployedRights(t *testing.T) {
	for _, file := range []string{"namespace.yaml", "serviceaccount.yaml", "rbac.yaml", "confine.yaml", "exposure.yaml", "policy-group.yaml"} {
		apply(t, filepath.Join(manifests, file))
	}
	const name = "cf-helm-broker"
	token, err := kube.CoreV1().ServiceAccounts(name).CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := newFoundation(t, sampleCharts, map[string]string{
		"KUBECONFIG":       "",
		"SERVER":           shared.RESTConfig().Host,
		"TOKEN":            token.Status.Token,
		"CA_DATA":          string(shared.RESTConfig().CAData),
		"BROKER_NAMESPACE": name,
		"NAMESPACE_PREFIX": "cf-helm",
	})
	for service, plan := range map[string]string{"redis": "persistent", "postgresql": "small", "echo": "replicated"} {
		i := f.create(service, plan, nil)
		app, binding := f.app(), uuid.NewString()
		f.want(201)(f.Bind(t.Context(), i, binding, app))
		if len(f.cf.Policies()) != 1 {
			t.Errorf("%s: policies %+v, want one", service, f.cf.Policies())
		}
		f.want(200)(f.Unbind(t.Context(), i, binding))
		if service == "echo" {
			f.update(i, map[string]any{"parameters": map[string]any{"replicas": 2}})
		}
		f.delete(i)
	}
	checkConfined(t, token.Status.Token)
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
func checkConfined(t *testing.T, token string) {
	t.Helper()
	config := rest.AnonymousClientConfig(shared.RESTConfig())
	config.BearerToken = token
	broker, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Impersonate.UserName = "system:serviceaccount:" + metav1.NamespaceSystem + ":" + helmsvc.InstanceAccount
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
		ObjectMeta: metav1.ObjectMeta{Name: helmsvc.InstanceAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: metav1.NamespaceSystem, Name: helmsvc.InstanceAccount}},
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

// apply creates the objects of a manifest file.
func apply(t *testing.T, file string) {
	t.Helper()
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = text.Close() }()
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kube.Discovery()))
	client, err := dynamic.NewForConfig(shared.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	for documents := yaml.NewYAMLOrJSONDecoder(text, 4096); ; {
		object := &unstructured.Unstructured{}
		err := documents.Decode(object)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		mapping, err := mapper.RESTMapping(object.GroupVersionKind().GroupKind(), object.GroupVersionKind().Version)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var resource dynamic.ResourceInterface = client.Resource(mapping.Resource)
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			resource = client.Resource(mapping.Resource).Namespace(object.GetNamespace())
		}
		if _, err := resource.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
}
