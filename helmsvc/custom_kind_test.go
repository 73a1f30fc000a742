package helmsvc_test

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// operated has the cluster serve a kind with a status, as operators' kinds have
// one.
func operated(kind string) func(*place) {
	definition := definitionOf(kind)
	definition.Spec.Versions[0].Subresources = &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}}
	return serving(definition)
}

// tells writes an object's status, as its operator would.
func tells(kind, name, status string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		client, err := dynamic.NewForConfig(local.RESTConfig())
		p.must(err)
		resource := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: strings.ToLower(kind) + "s"}
		_, err = client.Resource(resource).Namespace(p.ns.Name).Patch(p.t.Context(), name, types.MergePatchType, []byte(`{"status": `+status+`}`), metav1.PatchOptions{}, "status")
		p.must(err)
	}
}

// once calls steps when the progress first says this.
func (p *place) once(says string, steps ...func(*place)) func(readiness.Progress) {
	done := false
	return func(now readiness.Progress) {
		if !done && strings.Contains(now.String(), says) {
			done = true
			then(steps...)(p)
		}
	}
}

// TestCustomResourceIsAwaited until its operator says that it is ready, and no
// longer.
func TestCustomResourceIsAwaited(t *testing.T) {
	p := newPlace(t)
	operated("Awaited")(p)
	seen := []string{}
	first := p.once("no status yet", tells("Awaited", "one", `{"conditions": [{"type": "Ready", "status": "False", "message": "two to go"}]}`))
	second := p.once("Ready is False: two to go", tells("Awaited", "one", `{"conditions": [{"type": "Ready", "status": "True"}]}`))
	report := func(now readiness.Progress) {
		seen = append(seen, now.String())
		first(now)
		second(now)
	}
	if err := p.Install(t.Context(), p.target, rendered(custom("Awaited", "one")), report); err != nil {
		t.Fatal(err)
	}
	if want := "waiting for its objects to become ready; Awaited one: Ready is False: two to go"; !strings.Contains(strings.Join(seen, "\n"), want) {
		t.Errorf("the progress was %q, want also %q", seen, want)
	}
}

// TestUnreadableDefinition goes by what discovery says where the broker may not
// read CRDs, and says so.
func TestUnreadableDefinition(t *testing.T) {
	p := newPlace(t)
	then(operated("Veiled"), serves("Bare"))(p)
	p.Cluster = withoutDefinitions(p)
	if err := p.Install(t.Context(), p.target, rendered(custom("Bare", "one")), nil); err != nil {
		t.Errorf("a kind without a status: %v", err)
	}
	other := anotherPlace(t)
	other.Cluster = p.Cluster
	ctx := newLimit(t)
	err := other.Install(ctx, other.target, rendered(custom("Veiled", "one")), ctx.upWhen("no status yet"))
	for _, want := range []string{"Veiled one: it has no status yet", "the broker may not read the CustomResourceDefinition veileds.example.com", "deploy/kubernetes/rbac.yaml"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// withoutDefinitions is a connection that may do all but read CRDs.
func withoutDefinitions(p *place) *helmsvc.Cluster {
	p.t.Helper()
	user := "veiled-" + p.ns.Name
	all := []string{"*"}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"", "example.com"}, Resources: all, Verbs: all},
	}}
	_, err := clients.RbacV1().ClusterRoles().Create(p.t.Context(), role, metav1.CreateOptions{})
	p.must(err)
	_, err = clients.RbacV1().ClusterRoleBindings().Create(p.t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}, metav1.CreateOptions{})
	p.must(err)
	config := local.RESTConfig()
	config.Impersonate = rest.ImpersonationConfig{UserName: user}
	client, err := dynamic.NewForConfig(config)
	p.must(err)
	p.until("the role counts", func() bool {
		_, err := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(p.ns.Name).List(p.t.Context(), metav1.ListOptions{})
		return !apierrors.IsForbidden(err)
	})
	c, err := helmsvc.NewCluster(config, helmsvc.Config{})
	p.must(err)
	return c
}

// makes has somebody make a Secret in the instance's namespace, as an operator
// would.
func makes(manifest string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		var made corev1.Secret
		p.must(yaml.Unmarshal([]byte(manifest), &made))
		_, err := clients.CoreV1().Secrets(p.ns.Name).Create(p.t.Context(), &made, metav1.CreateOptions{})
		p.must(err)
	}
}

// granted lets instances make objects of a resource of example.com, as operators'
// manifests do.
func granted(resource string) func(*place) {
	return func(p *place) {
		p.t.Helper()
		role := &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: resource + "-admin", Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-admin": "true"}},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"example.com"}, Resources: []string{resource}, Verbs: []string{"*"}}},
		}
		_, err := clients.RbacV1().ClusterRoles().Create(p.t.Context(), role, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) { // the test may run several times
			p.must(err)
		}
		p.until("instances may make "+resource, func() bool {
			asked := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               "system:serviceaccount:" + p.ns.Name + ":" + tenant.InstanceAccount,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: p.ns.Name, Verb: "create", Group: "example.com", Resource: resource},
			}}
			answer, err := clients.AuthorizationV1().SubjectAccessReviews().Create(p.t.Context(), asked, metav1.CreateOptions{})
			return err == nil && answer.Status.Allowed
		})
	}
}
