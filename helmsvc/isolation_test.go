package helmsvc_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestIsolation is made with the namespace and follows the plan.
func TestIsolation(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{WithoutExposure: true, PodSecurity: "baseline", Network: tenant.Network{From: []string{"10.255.0.0/16"}}})
	p.ns.Isolation = &tenant.Isolation{
		Quota: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("3")},
		Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, DefaultRequest: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m")},
		}},
	}
	for range 2 {
		p.ensure()
		p.checkLabels(map[string]string{tenant.ExposureLabel: "refused", "pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "restricted"})
		if got := p.isolatedBy(); !slices.Equal(got, []string{"ResourceQuota", "LimitRange", "NetworkPolicy"}) {
			t.Errorf("isolated by %v", got)
		}
	}
	p.ns.Isolation = &tenant.Isolation{AllowExposure: true, PodSecurity: "privileged"}
	p.ensure()
	p.checkLabels(map[string]string{tenant.ExposureLabel: "allowed", "pod-security.kubernetes.io/enforce": "privileged"})
	if got := p.isolatedBy(); !slices.Equal(got, []string{"NetworkPolicy"}) {
		t.Errorf("isolated by %v", got)
	}
	p.use(tenant.Config{})
	p.ensure()
	p.checkLabels(map[string]string{tenant.ExposureLabel: "allowed"})
	p.ns.Isolation = new(tenant.Isolation)
	p.ensure()
	p.checkLabels(map[string]string{tenant.ExposureLabel: "", "pod-security.kubernetes.io/enforce": "privileged"})
	if got := p.isolatedBy(); len(got) != 0 {
		t.Errorf("isolated by %v", got)
	}
}

// TestClosedNamespace: a namespace that is closed by default admits what the instance needs
// itself, the Kubernetes API too, wherever that is by now.
func TestClosedNamespace(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{Network: tenant.Network{Closed: true}})
	p.ns.Isolation = new(tenant.Isolation)
	p.ensure()
	service, err := clients.CoreV1().Services("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	have := p.closedBy()
	if rule := have.Ingress; len(rule) != 1 || len(rule[0].From) != 1 || rule[0].From[0].PodSelector == nil {
		t.Errorf("admitted is %+v, want the namespace's own pods", rule)
	}
	if !reaches(have, service.Spec.ClusterIP+"/32", 443) {
		t.Errorf("the Kubernetes API can't be reached by %+v", have.Egress)
	}
	p.isClosed(true)
	p.behindTheAPI("192.0.2.7", 6443)
	p.isClosed(false)
	p.ensure()
	p.isClosed(true)
	if have := p.closedBy(); !reaches(have, "192.0.2.7/32", 6443) || !reaches(have, service.Spec.ClusterIP+"/32", 443) {
		t.Errorf("the Kubernetes API can't be reached where it is now by %+v", have.Egress)
	}
	p.use(tenant.Config{})
	p.ensure()
	if got := p.isolatedBy(); len(got) != 0 {
		t.Errorf("it isn't to be closed any more, and is by %v", got)
	}
}

// isClosed fails unless the list of closed namespaces has the instance's, or hasn't.
func (p *place) isClosed(want bool) {
	p.t.Helper()
	closed, err := p.Closed(p.t.Context())
	if err != nil || closed[p.ns.Name] != want {
		p.t.Errorf("that it is closed is said: %t, %v", closed[p.ns.Name], err)
	}
}

// behindTheAPI adds an address of the Kubernetes API.
func (p *place) behindTheAPI(address string, port int32) {
	p.t.Helper()
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: p.ns.Name, Labels: map[string]string{"kubernetes.io/service-name": "kubernetes"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{address}}}, Ports: []discoveryv1.EndpointPort{{Port: &port}},
	}
	slices := clients.DiscoveryV1().EndpointSlices("default")
	if _, err := slices.Create(p.t.Context(), slice, metav1.CreateOptions{}); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = slices.Delete(context.WithoutCancel(p.t.Context()), slice.Name, metav1.DeleteOptions{}) })
}

func (p *place) closedBy() networkingv1.NetworkPolicySpec {
	p.t.Helper()
	made, err := clients.NetworkingV1().NetworkPolicies(p.ns.Name).Get(p.t.Context(), "cf-helm-broker", metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return made.Spec
}

// reaches tells whether pods get out to the addresses at the port.
func reaches(spec networkingv1.NetworkPolicySpec, cidr string, port int) bool {
	return slices.ContainsFunc(spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
		to := func(peer networkingv1.NetworkPolicyPeer) bool {
			return peer.IPBlock != nil && peer.IPBlock.CIDR == cidr
		}
		at := func(p networkingv1.NetworkPolicyPort) bool { return p.Port.IntValue() == port }
		return slices.ContainsFunc(rule.To, to) && slices.ContainsFunc(rule.Ports, at)
	})
}

func (p *place) ensure() {
	p.t.Helper()
	if _, err := p.EnsureNamespace(p.t.Context(), p.ns); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) checkLabels(want map[string]string) {
	p.t.Helper()
	have, err := clients.CoreV1().Namespaces().Get(p.t.Context(), p.ns.Name, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	for key, value := range want {
		if have.Labels[key] != value {
			p.t.Errorf("label %s is %q, want %q", key, have.Labels[key], value)
		}
	}
}

// isolatedBy are the kinds of the objects that the namespace is isolated by.
func (p *place) isolatedBy() []string {
	p.t.Helper()
	var kinds []string
	for _, kind := range []string{"ResourceQuota", "LimitRange", "NetworkPolicy"} {
		var err error
		switch kind {
		case "ResourceQuota":
			_, err = clients.CoreV1().ResourceQuotas(p.ns.Name).Get(p.t.Context(), "cf-helm-broker", metav1.GetOptions{})
		case "LimitRange":
			_, err = clients.CoreV1().LimitRanges(p.ns.Name).Get(p.t.Context(), "cf-helm-broker", metav1.GetOptions{})
		case "NetworkPolicy":
			_, err = clients.NetworkingV1().NetworkPolicies(p.ns.Name).Get(p.t.Context(), "cf-helm-broker", metav1.GetOptions{})
		}
		if err == nil {
			kinds = append(kinds, kind)
		} else if !apierrors.IsNotFound(err) {
			p.t.Fatal(err)
		}
	}
	return kinds
}

// refuseExposure installs the deployed policy in the cluster that all tests
// share, and returns when it is in effect. It is for labelled namespaces only.
var refuseExposure = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := admission(ctx, "exposure.yaml"); err != nil {
		return err
	}
	probe := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "exposure-probe", Labels: map[string]string{tenant.ExposureLabel: "refused"}}}
	if _, err := clients.CoreV1().Namespaces().Create(ctx, probe, metav1.CreateOptions{}); err != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		_, err := clients.CoreV1().Services(probe.Name).Create(ctx, nodePort("probe"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsForbidden(err) || apierrors.IsInvalid(err), nil
	})
})

// admission makes a deployed policy with its binding. It counts a moment later.
func admission(ctx context.Context, file string) error {
	text, err := os.ReadFile("../deploy/kubernetes/" + file)
	if err != nil {
		return err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	policy, binding := new(admissionv1.ValidatingAdmissionPolicy), new(admissionv1.ValidatingAdmissionPolicyBinding)
	for _, into := range []any{policy, binding} {
		document, err := documents.Read()
		if err == nil {
			err = yaml.UnmarshalStrict(document, into)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	policies := clients.AdmissionregistrationV1()
	if _, err := policies.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err = policies.ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{})
	return err
}

func nodePort(name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80}}, Selector: map[string]string{"app": "x"}},
	}
}

// TestExposureLater refuses what the instance itself, its hooks or an operator
// make around the policies after the install, where the plan doesn't allow it.
func TestExposureLater(t *testing.T) {
	p := confinedBy(t, tenant.Config{WithoutExposure: true})
	if err := refuseExposure(); err != nil {
		t.Fatal(err)
	}
	config := local.RESTConfig()
	config.Impersonate.UserName = "system:serviceaccount:" + p.ns.Name + ":" + tenant.InstanceAccount
	if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil { // the account's rights are in effect
		t.Fatal(err)
	}
	instance, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	pod := func(change func(*corev1.PodSpec)) *corev1.Pod {
		made := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "web"}}}}
		change(&made.Spec)
		return made
	}
	balancer := nodePort("s")
	balancer.Spec.Type = corev1.ServiceTypeLoadBalancer
	external := nodePort("s")
	external.Spec.Type, external.Spec.ExternalIPs = corev1.ServiceTypeClusterIP, []string{"192.0.2.8"}
	attempts := map[string]func() error{
		"NodePort":     func() error { return p.makeService(instance, nodePort("s")) },
		"LoadBalancer": func() error { return p.makeService(instance, balancer) },
		"externalIPs":  func() error { return p.makeService(instance, external) },
		"hostNetwork":  func() error { return p.makePod(instance, pod(func(s *corev1.PodSpec) { s.HostNetwork = true })) },
		"hostPort": func() error {
			return p.makePod(instance, pod(func(s *corev1.PodSpec) {
				s.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
			}))
		},
		"hostPort of an init container": func() error {
			return p.makePod(instance, pod(func(s *corev1.PodSpec) {
				s.InitContainers = []corev1.Container{{Name: "i", Image: "web", Ports: []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}}}
			}))
		},
	}
	for name, attempt := range attempts {
		if err := attempt(); err == nil || !strings.Contains(err.Error(), "around container-to-container policies") {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := nodePort("s")
	plain.Spec.Type = corev1.ServiceTypeClusterIP
	if err := errors.Join(p.makeService(instance, plain), p.makePod(instance, pod(func(*corev1.PodSpec) {}))); err != nil {
		t.Errorf("what isn't exposed: %v", err)
	}
	p.ns.Isolation.AllowExposure = true
	p.ensure()
	for name, attempt := range attempts {
		if err := attempt(); err != nil {
			t.Errorf("%s, with a plan that allows exposure: %v", name, err)
		}
	}
	p.checkStaysChangeable(instance)
}

// makeService makes a Service without leaving it behind.
func (p *place) makeService(as kubernetes.Interface, s *corev1.Service) error {
	_, err := as.CoreV1().Services(p.ns.Name).Create(p.t.Context(), s, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

func (p *place) makePod(as kubernetes.Interface, pod *corev1.Pod) error {
	_, err := as.CoreV1().Pods(p.ns.Name).Create(p.t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// checkStaysChangeable closes a namespace that has an exposed Service: it can
// still be changed, but not be exposed in one more way.
func (p *place) checkStaysChangeable(as kubernetes.Interface) {
	p.t.Helper()
	services := as.CoreV1().Services(p.ns.Name)
	made, err := services.Create(p.t.Context(), nodePort("old"), metav1.CreateOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.ns.Isolation.AllowExposure = false
	p.ensure()
	made.Labels = map[string]string{"changed": "true"}
	if made, err = services.Update(p.t.Context(), made, metav1.UpdateOptions{}); err != nil {
		p.t.Fatal(err)
	}
	more := made.DeepCopy()
	more.Spec.ExternalIPs = []string{"192.0.2.8"}
	if _, err := services.Update(p.t.Context(), more, metav1.UpdateOptions{}); err == nil {
		p.t.Error("it was given externalIPs")
	}
	made.Spec.Type, made.Spec.Ports[0].NodePort = corev1.ServiceTypeClusterIP, 0
	if made, err = services.Update(p.t.Context(), made, metav1.UpdateOptions{}); err != nil {
		p.t.Fatal(err)
	}
	made.Spec.Type = corev1.ServiceTypeNodePort
	if _, err := services.Update(p.t.Context(), made, metav1.UpdateOptions{}); err == nil {
		p.t.Error("it was exposed again")
	}
}

// TestAdminIsWhatChartsAreCheckedAgainst holds the rules that charts are checked
// against offline against those of the role that instances have.
func TestAdminIsWhatChartsAreCheckedAgainst(t *testing.T) {
	text, err := os.ReadFile("chartcheck/testdata/admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var known rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(text, &known); err != nil {
		t.Fatal(err)
	}
	var role *rbacv1.ClusterRole
	err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		role, err = clients.RbacV1().ClusterRoles().Get(ctx, "admin", metav1.GetOptions{}) // a controller fills it in
		return err == nil && len(role.Rules) > 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
	have, _ := yaml.Marshal(role.Rules)
	want, _ := yaml.Marshal(known.Rules)
	if string(have) != string(want) {
		t.Errorf("the role admin has the rules\n%s\nwant\n%s", have, want)
	}
}
