package e2e

import (
	"context"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestInstanceAttacks has whoever holds a token of an instance's account try to
// get out of its namespace, or at what keeps it in.
func TestInstanceAttacks(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"CF_API_ADDRESS": "", "CF_CLIENT_ID": "", "CF_CLIENT_SECRET": ""})
	i, other := f.create("fixture", "plain", nil), f.create("fixture", "plain", nil)
	namespace, ctx := f.namespace(i), t.Context()
	config := f.tokenOf(namespace, tenant.InstanceAccount)
	instance, err := kubernetes.NewForConfig(config)
	f.must(err)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "grab"}, Spec: corev1.ServiceSpec{
		Ports: []corev1.ServicePort{{Port: 443}}, ExternalIPs: []string{"192.0.2.7"},
	}}
	f.eventually("the policy is in effect", func() bool {
		_, err := instance.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{DryRun: []string{"All"}})
		return err != nil
	})
	const forbidden, neighbours = "is forbidden", "ValidatingAdmissionPolicy 'cf-helm-broker-neighbours'"
	annotation := func(key string) []byte { return []byte(`{"metadata":{"annotations":{"` + key + `":"x"}}}`) }
	for what, attempt := range map[string]struct {
		try  func() error
		want string
	}{
		"take addresses":          {create(ctx, instance.CoreV1().Services(namespace).Create, service), neighbours},
		"evict others":            {create(ctx, instance.CoreV1().Pods(namespace).Create, critical()), neighbours},
		"name endpoints":          {create(ctx, instance.DiscoveryV1().EndpointSlices(namespace).Create, &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "grab"}, AddressType: "IPv4"}), forbidden},
		"name old endpoints":      {create(ctx, instance.CoreV1().Endpoints(namespace).Create, &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "grab"}}), forbidden}, //nolint:staticcheck // it is still served
		"become an administrator": {create(ctx, instance.RbacV1().RoleBindings(namespace).Create, roleBinding("cluster-admin", namespace)), "attempting to grant RBAC permissions not currently held"},
		"become the broker":       {create(ctx, instance.RbacV1().RoleBindings(namespace).Create, roleBinding(f.settings["BROKER_NAMESPACE"], namespace)), "attempting to grant RBAC permissions not currently held"},
		"get rights elsewhere":    {create(ctx, instance.RbacV1().RoleBindings(f.namespace(other)).Create, roleBinding("view", namespace)), forbidden},
		"make a quota":            {create(ctx, instance.CoreV1().ResourceQuotas(namespace).Create, &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "own"}}), forbidden},
		"make limits":             {create(ctx, instance.CoreV1().LimitRanges(namespace).Create, &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "own"}}), forbidden},
		"change its policy group": {func() error {
			return patchNamespace(ctx, instance, namespace, annotation(podgroup.Annotation))
		}, forbidden},
		"change its workloads' groups": {func() error {
			return patchNamespace(ctx, instance, namespace, annotation(tenant.PolicyGroupsAnnotation))
		}, forbidden},
		"take off its labels":      {func() error { return patchNamespace(ctx, instance, namespace, []byte(`{"metadata":{"labels":null}}`)) }, forbidden},
		"delete its namespace":     {func() error { return instance.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}) }, forbidden},
		"impersonate the broker":   {f.impersonate(config, "system:serviceaccount:"+f.settings["BROKER_NAMESPACE"]+":"+f.settings["BROKER_NAMESPACE"]), "cannot impersonate resource"},
		"impersonate a neighbour":  {f.impersonate(config, "system:serviceaccount:"+f.namespace(other)+":"+tenant.InstanceAccount), "cannot impersonate resource"},
		"make a neighbour's token": {func() error { return makeToken(ctx, instance, f.namespace(other), tenant.InstanceAccount) }, forbidden},
		"make the broker's token": {func() error {
			return makeToken(ctx, instance, f.settings["BROKER_NAMESPACE"], f.settings["BROKER_NAMESPACE"])
		}, forbidden},
		"bind a pod, with annotations": {func() error {
			return instance.CoreV1().Pods(namespace).Bind(ctx, &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: f.pods(i)[0].Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "n"}}, metav1.CreateOptions{})
		}, forbidden},
		"say where a pod's address is": {func() error {
			pod := f.pods(i)[0]
			pod.Status.PodIP = "192.0.2.7"
			_, err := instance.CoreV1().Pods(namespace).UpdateStatus(ctx, &pod, metav1.UpdateOptions{})
			return err
		}, forbidden},
	} {
		if err := attempt.try(); err == nil || !strings.Contains(err.Error(), attempt.want) {
			t.Errorf("it tried to %s: %v, want %q", what, err, attempt.want)
		}
	}
	f.must(patchNamespace(ctx, kube, namespace, []byte(`{"metadata":{"labels":{"`+tenant.ExposureLabel+`":"allowed"}}}`)))
	f.eventually("a plan that allows exposure may take addresses", func() bool {
		return create(ctx, instance.CoreV1().Services(namespace).Create, service)() == nil
	})
	// Tokens that don't end are its namespace's, and end with that.
	f.must(create(ctx, instance.CoreV1().Secrets(namespace).Create, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "lasting", Annotations: map[string]string{corev1.ServiceAccountNameKey: tenant.InstanceAccount}},
		Type:       corev1.SecretTypeServiceAccountToken,
	})())
	f.must(makeToken(ctx, instance, namespace, "default"))
	f.delete(i)
	if _, err := instance.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{}); err == nil {
		t.Error("the token counts after the instance was deleted")
	}
	f.delete(other)
}

// tokenOf is the configuration of who holds a token of an account.
func (f *foundation) tokenOf(namespace, account string) *rest.Config {
	f.t.Helper()
	made, err := kube.CoreV1().ServiceAccounts(namespace).CreateToken(f.t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	f.must(err)
	config := rest.AnonymousClientConfig(shared.RESTConfig())
	config.BearerToken = made.Status.Token
	return config
}

func create[T any](ctx context.Context, do func(context.Context, T, metav1.CreateOptions) (T, error), object T) func() error {
	return func() error {
		_, err := do(ctx, object, metav1.CreateOptions{})
		return err
	}
}

func patchNamespace(ctx context.Context, as kubernetes.Interface, namespace string, patch []byte) error {
	_, err := as.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

func makeToken(ctx context.Context, as kubernetes.Interface, namespace, account string) error {
	_, err := as.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	return err
}

// impersonate reads as somebody else.
func (f *foundation) impersonate(config *rest.Config, user string) func() error {
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = user
	client, err := kubernetes.NewForConfig(as)
	f.must(err)
	return func() error {
		_, err := client.CoreV1().Namespaces().List(f.t.Context(), metav1.ListOptions{})
		return err
	}
}

func critical() *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "critical"}, Spec: corev1.PodSpec{
		PriorityClassName: "system-node-critical", Containers: []corev1.Container{{Name: "main", Image: "registry.example.com/pod:1"}},
	}}
}

func roleBinding(role, namespace string) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "more-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: tenant.InstanceAccount}},
	}
}
