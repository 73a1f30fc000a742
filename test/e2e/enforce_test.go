package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// appsNamespace is where apps' pods are by the preset kind-deployment.
const appsNamespace = "cf-workloads"

func networkPolicyRights(t *testing.T) rig.Granted {
	t.Helper()
	rights, err := rig.NetworkPolicyRights()
	if err != nil {
		t.Fatal(err)
	}
	return rights
}

func (f *foundation) ensureAppsNamespace() {
	f.t.Helper()
	_, err := kube.CoreV1().Namespaces().Create(f.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: appsNamespace}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		f.must(err)
	}
}

// boundNearApps is an app that is bound to an instance of its space, where there is a
// namespace of apps' pods.
func (f *foundation) boundNearApps() (i rig.Instance, app, binding string) {
	f.t.Helper()
	f.ensureAppsNamespace()
	i = f.instance("pair", "both")
	i.Space = f.cf.Space()
	f.ready(i, f.want(202)(f.Provision(f.t.Context(), i, nil)).Operation())
	app, binding = f.app(), uuid.NewString()
	f.want(201)(f.Bind(f.t.Context(), i, binding, app))
	return i, app, binding
}

// networkPolicies are those by which the app is let out to the instance, or into it.
func (f *foundation) networkPolicies(namespace, app string) (all []networkingv1.NetworkPolicy) {
	f.t.Helper()
	list, err := kube.NetworkingV1().NetworkPolicies(namespace).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	return slices.DeleteFunc(list.Items, func(p networkingv1.NetworkPolicy) bool {
		return !strings.Contains(p.Annotations[networkpolicy.PolicyAnnotation], app)
	})
}

// reaches tells whether rules of security groups lead to the address.
func (f *foundation) reaches(address string) bool {
	f.t.Helper()
	at, err := netip.ParseAddr(address)
	f.must(err)
	for _, group := range f.cf.SecurityGroups() {
		for _, r := range group.Rules {
			first, last, isRange := strings.Cut(r.Destination, "-")
			if !isRange {
				last = first
			}
			if at.Compare(netip.MustParseAddr(first)) >= 0 && at.Compare(netip.MustParseAddr(last)) <= 0 {
				return true
			}
		}
	}
	return false
}

// enforced says on which networks the app is let to the instance.
func (f *foundation) enforced(i rig.Instance, app string) (networks []string) {
	f.t.Helper()
	if slices.ContainsFunc(f.cf.Policies(), func(p cf.Policy) bool { return p.Source.ID == app }) {
		networks = append(networks, "c2c")
	}
	out, in := len(f.networkPolicies(appsNamespace, app)), len(f.networkPolicies(f.namespace(i), app))
	if out > 0 && in > 0 {
		networks = append(networks, "networkpolicy")
	} else if out+in > 0 {
		networks = append(networks, "half a networkpolicy")
	}
	if slices.ContainsFunc(f.cf.SecurityGroups(), func(g cf.SecurityGroup) bool { return strings.Contains(fmt.Sprint(g.Rules), app) }) {
		networks = append(networks, "securitygroup")
	}
	return networks
}

// TestEnforce: a bind opens on each network that is asked for, what is lost comes back,
// and an unbind closes it; what is opened on other networks from now on is closed on
// those from before.
func TestEnforce(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{
		"ENFORCE": "networkpolicy", "APP_PODS": "kind-deployment", "POLICY_RESYNC": "200ms",
	}, networkPolicyRights(t))
	i, app, binding := f.boundNearApps()
	f.wantEnforced(i, app, "networkpolicy")
	closed, err := kube.NetworkingV1().NetworkPolicies(f.namespace(i)).Get(t.Context(), "cf-helm-broker", metav1.GetOptions{})
	f.must(err)
	if len(closed.Spec.Ingress) != 1 || len(closed.Spec.Ingress[0].From) != 1 || closed.Spec.Ingress[0].From[0].PodSelector == nil {
		t.Errorf("the namespace lets in %+v, want its own pods alone", closed.Spec.Ingress)
	}
	lost := f.networkPolicies(f.namespace(i), app)[0]
	f.must(kube.NetworkingV1().NetworkPolicies(lost.Namespace).Delete(t.Context(), lost.Name, metav1.DeleteOptions{}))
	f.eventually("the policy that somebody deleted is back", func() bool {
		return slices.ContainsFunc(f.networkPolicies(lost.Namespace, app), func(p networkingv1.NetworkPolicy) bool { return p.Name == lost.Name })
	})
	f.eventually("the instance's namespace tells of it", func() bool {
		return f.told(i, "PoliciesPutBack", "policies of 1 bindings were missing, and apps couldn't open connections by them; they are there again")
	})
	for _, networks := range []string{"c2c,networkpolicy", "securitygroup", "c2c", "securitygroup,networkpolicy"} {
		f.restart(map[string]string{"ENFORCE": networks})
		want := strings.Split(networks, ",")
		slices.Sort(want)
		f.wantEnforced(i, app, want...)
	}
	f.followsAddresses(i)
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.wantEnforced(i, app)
	f.delete(i)
	if groups := f.cf.SecurityGroups(); len(groups) > 0 {
		t.Errorf("security groups are left: %+v", groups)
	}
}

// TestNetworkRefuses: where ENFORCE names a network that refuses, bindings from before stay
// open where they are, and are kept so; an unbind closes on the networks that answer, also
// what a round puts back beside it, be it in part.
func TestNetworkRefuses(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"APP_PODS": "kind-deployment", "POLICY_RESYNC": "200ms"}, networkPolicyRights(t))
	i, app, binding := f.boundNearApps()
	f.restart(map[string]string{"ENFORCE": "networkpolicy", "APP_NAMESPACE": "nowhere"})
	f.wantEnforced(i, app, "c2c", "half a networkpolicy")
	for range 3 {
		if removed, err := f.cf.Cleanup(); err != nil || len(removed) == 0 {
			t.Fatalf("the cleanup has removed %v, %v", removed, err)
		}
		f.wantEnforced(i, app, "c2c", "half a networkpolicy")
	}
	other := f.app()
	refused := f.want(500)(f.Bind(t.Context(), i, uuid.NewString(), other))
	for _, words := range []string{`"nowhere" not found`, "is the namespace nowhere there?"} {
		if !strings.Contains(refused.Description(), words) {
			t.Errorf("the bind is refused with %q, which doesn't say %q", refused.Description(), words)
		}
	}
	f.wantEnforced(i, other)
	f.restart(map[string]string{"ENFORCE": "c2c,networkpolicy", "APP_NAMESPACE": ""})
	f.wantEnforced(i, app, "c2c", "networkpolicy")
	half := f.networkPolicies(f.namespace(i), app)[0]
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError})
	f.want(202)(f.Unbind(t.Context(), i, binding))
	f.wantEnforced(i, app, "c2c")
	half.ResourceVersion = ""
	_, err := kube.NetworkingV1().NetworkPolicies(half.Namespace).Create(t.Context(), &half, metav1.CreateOptions{})
	f.must(err)
	f.wantEnforced(i, app, "c2c")
	f.cf.Clear()
	f.wantEnforced(i, app)
	f.delete(i)
}

func (f *foundation) wantEnforced(i rig.Instance, app string, networks ...string) {
	f.t.Helper()
	f.eventually(fmt.Sprintf("access is enforced on %v", networks), func() bool { return slices.Equal(f.enforced(i, app), networks) })
}

// followsAddresses has a pod be replaced by one with another address.
func (f *foundation) followsAddresses(i rig.Instance) {
	f.t.Helper()
	pod := f.pods(i)[0]
	if !f.reaches(pod.Status.PodIP) {
		f.t.Fatalf("no rule leads to pod %s at %s: %+v", pod.Name, pod.Status.PodIP, f.cf.SecurityGroups())
	}
	f.must(kube.CoreV1().Pods(pod.Namespace).Delete(f.t.Context(), pod.Name, *metav1.NewDeleteOptions(0)))
	f.eventually("the rules lead to the addresses that the pods have now, and to no other", func() bool {
		pods := f.pods(i)
		return !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.UID == pod.UID || p.Status.PodIP == "" || !f.reaches(p.Status.PodIP) }) &&
			(slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Status.PodIP == pod.Status.PodIP }) || !f.reaches(pod.Status.PodIP))
	})
}
