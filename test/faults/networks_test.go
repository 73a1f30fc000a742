package faults

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// appsNamespace is where apps' pods are by the preset kind-deployment.
const appsNamespace = "cf-workloads"

// TestNetworks is TestAccess over the other networks, and over two at once.
func TestNetworks(t *testing.T) {
	phases := 1
	if long {
		phases = 10
	}
	for _, networks := range []string{policy.NetworkPolicy, policy.SecurityGroup, "c2c,networkpolicy"} {
		t.Run(networks, func(t *testing.T) {
			t.Parallel()
			stormAccess(t, phases, map[string]string{"ENFORCE": networks, "APP_PODS": networkpolicy.KindDeployment, "POLICY_RESYNC": "1s"})
		})
	}
}

// granted are roles, and those of networkpolicy/rbac.yaml.
func granted(t *testing.T) rig.Granted {
	t.Helper()
	file, err := os.Open("../../deploy/kubernetes/networkpolicy/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var role rbacv1.ClusterRole
	if err := utilyaml.NewYAMLOrJSONDecoder(file, 4096).Decode(&role); err != nil {
		t.Fatal(err)
	}
	return rig.Granted{Kinds: roles.Kinds, Rules: slices.Concat(roles.Rules, role.Rules)}
}

func (w *world) enforces(network string) bool { return slices.Contains(w.networks, network) }

func (w *world) ensureAppsNamespace(ctx context.Context) error {
	_, err := w.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: appsNamespace}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// enforcing is the part of Cloud Foundry that access is enforced by.
func (w *world) enforcing() cf.Part {
	if w.enforces(policy.SecurityGroup) {
		return cf.CC
	}
	return cf.PolicyAPI
}

// breakWrites has some writes of NetworkPolicies fail, of each broker.
func (s *storm) breakWrites() {
	for _, r := range s.replicas {
		r.gate.breakWrites(s.random.IntN(10))
	}
}

func (s *storm) mendWrites() {
	for _, r := range s.replicas {
		r.gate.breakWrites(0)
	}
}

func (w *world) policyDifferences() []string {
	have, want := w.opened(), map[string]string{}
	for id, i := range w.instances {
		if w.enforces(policy.C2C) {
			group := w.group(id)
			want[describe(cf.NewPolicy(group, group, "tcp", 1, 65535))] = "open"
			want[describe(cf.NewPolicy(group, group, "udp", 1, 65535))] = "open"
		}
		for _, app := range i.bindings {
			maps.Copy(want, w.opens(i, app, "tcp", 8080))
			maps.Copy(want, w.opens(i, app, "udp", 5353))
		}
	}
	return compare("policy", have, want)
}

// opens is what there has to be, on each network, for an app to reach a port of the instance.
func (w *world) opens(i *instance, app, protocol string, port int) map[string]string {
	want := map[string]string{}
	text := describe(cf.NewPolicy(app, w.group(i.ID), protocol, port, port))
	for _, network := range w.networks {
		switch network {
		case policy.C2C:
			want[text] = "open"
		case policy.NetworkPolicy:
			want["out of "+appsNamespace+": "+text], want["into "+w.namespace(i)+": "+text] = "open", "open"
		case policy.SecurityGroup:
			want[fmt.Sprintf("space %s to %s: %s", i.Space, w.podIP(i), text)] = "open"
		}
	}
	return want
}

// opened is what there is, on all networks.
func (w *world) opened() map[string]string {
	have := map[string]string{}
	for _, p := range w.cf.Policies() {
		have[describe(p)] = "open"
	}
	for _, object := range w.networkPolicies() {
		have[w.describeObject(object)] = "open"
	}
	for _, g := range w.cf.SecurityGroups() {
		if len(g.Rules) == 0 {
			have["group "+g.Name] = "empty"
		}
		for _, r := range g.Rules {
			app, group, _ := strings.Cut(strings.TrimPrefix(r.Description, "cf-helm-broker: app "), " to ")
			have[fmt.Sprintf("space %s to %s: %s to %s %s %s-%[6]s", strings.Join(g.RunningSpaces, ","), r.Destination, app, group, r.Protocol, r.Ports)] += "open"
		}
	}
	return have
}

func describe(p cf.Policy) string {
	return fmt.Sprintf("%s to %s %s %d-%d", p.Source.ID, p.Destination.ID, p.Destination.Protocol, p.Destination.Ports.Start, p.Destination.Ports.End)
}

// describeObject says what a NetworkPolicy of the broker's is for, by what it lets pass
// and not by what it says of itself.
func (w *world) describeObject(o networkingv1.NetworkPolicy) string {
	app := func(pods metav1.LabelSelector) string { return pods.MatchLabels["cloudfoundry.org/app-guid"] }
	tell := func(where, app, to string, port networkingv1.NetworkPolicyPort) string {
		return fmt.Sprintf("%s %s: %s to %s %s %s-%[6]s", where, o.Namespace, app, w.groupIn(to), strings.ToLower(string(*port.Protocol)), port.Port)
	}
	switch {
	case len(o.Spec.Egress) == 1 && len(o.Spec.Egress[0].To) == 1:
		rule := o.Spec.Egress[0]
		return tell("out of", app(o.Spec.PodSelector), rule.To[0].NamespaceSelector.MatchLabels[corev1.LabelMetadataName], rule.Ports[0])
	case len(o.Spec.Ingress) == 1 && len(o.Spec.Ingress[0].From) == 1:
		rule := o.Spec.Ingress[0]
		return tell("into", app(*rule.From[0].PodSelector), o.Namespace, rule.Ports[0])
	}
	return fmt.Sprintf("%s/%s: %+v", o.Namespace, o.Name, o.Spec)
}

// groupIn is the policy group of the instance that lives in a namespace; the namespace's
// name, where none does.
func (w *world) groupIn(namespace string) string {
	for id, i := range w.instances {
		if w.namespace(i) == namespace {
			return w.group(id)
		}
	}
	return namespace
}

// networkPolicies are those that the broker has for policies.
func (w *world) networkPolicies() []networkingv1.NetworkPolicy {
	if !w.enforces(policy.NetworkPolicy) {
		return nil
	}
	options := metav1.ListOptions{LabelSelector: networkpolicy.PolicyLabel + ",cf-helm-broker.io/broker=" + w.records}
	list, err := w.kube.NetworkingV1().NetworkPolicies(metav1.NamespaceAll).List(w.t.Context(), options)
	if err != nil {
		w.t.Log(err)
		return nil
	}
	return list.Items
}

// removeNetworkPolicy deletes any of them.
func (s *storm) removeNetworkPolicy(random *rand.Rand) {
	if all := s.networkPolicies(); len(all) > 0 {
		one := all[random.IntN(len(all))]
		err := s.kube.NetworkingV1().NetworkPolicies(one.Namespace).Delete(s.t.Context(), one.Name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			s.t.Error(err)
		}
	}
}

// emptySecurityGroup takes all rules out of one, or deletes it.
func (s *storm) emptySecurityGroup(random *rand.Rand) {
	all := s.cf.SecurityGroups()
	if len(all) == 0 {
		return
	}
	g := all[random.IntN(len(all))]
	if s.cf.DeleteSecurityGroup(g.Name); random.IntN(2) == 0 {
		g.Rules = nil
		s.cf.PutSecurityGroup(g)
	}
}
