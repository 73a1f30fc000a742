package tenant

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1apply "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1apply "k8s.io/client-go/applyconfigurations/networking/v1"
)

// Network is what an instance's NetworkPolicy lets pass besides traffic within
// its namespace and DNS. It is for clusters whose network keeps
// NetworkPolicies; Silk doesn't, it has container-to-container policies.
type Network struct {
	// Closed: there is a NetworkPolicy in any case. Whoever opens bindings has to add
	// others, which let more pass. The Kubernetes API can be reached, which hooks and
	// operators talk to.
	Closed bool
	// From are the CIDRs that apps' packets come from; empty, unless Closed: no
	// NetworkPolicy is made, since no app could reach an instance.
	From []string
	// To are the CIDRs that instances may reach.
	To []string
}

// EnsureClosed has the namespace be closed by default, as EnsureNamespace does for
// one that is made or updated.
func (n *Namespaces) EnsureClosed(ctx context.Context, namespace string) error {
	if err := n.ensureNetworkPolicy(ctx, namespace, false); err != nil {
		return fmt.Errorf("closing namespace %s by its NetworkPolicy %s: %w", namespace, isolationName, err)
	}
	return nil
}

// Closed are the namespaces of which the NetworkPolicy is as EnsureClosed would make it,
// by one list of them all; none unless namespaces are to be closed.
func (n *Namespaces) Closed(ctx context.Context) (map[string]bool, error) {
	if !n.settings.Network.Closed {
		return nil, nil
	}
	spec, err := n.isolation(ctx)
	if err != nil {
		return nil, err
	}
	want, err := typed(spec)
	if err != nil {
		return nil, err
	}
	closed := map[string]bool{}
	for options := (metav1.ListOptions{FieldSelector: "metadata.name=" + isolationName, Limit: 1000}); ; {
		list, err := n.clients.NetworkingV1().NetworkPolicies(metav1.NamespaceAll).List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("listing the NetworkPolicies %s of all namespaces: %w", isolationName, err)
		}
		for i := range list.Items {
			if have := &list.Items[i]; have.DeletionTimestamp == nil && equality.Semantic.DeepEqual(have.Spec, want) {
				closed[have.Namespace] = true
			}
		}
		if options.Continue = list.Continue; options.Continue == "" {
			return closed, nil
		}
	}
}

// typed is a spec as the API server returns it: every field that it fills in is there.
func typed(spec *networkingv1apply.NetworkPolicySpecApplyConfiguration) (into networkingv1.NetworkPolicySpec, err error) {
	text, err := json.Marshal(spec)
	if err == nil {
		err = json.Unmarshal(text, &into)
	}
	return into, err
}

func (n *Namespaces) ensureNetworkPolicy(ctx context.Context, namespace string, isNew bool) error {
	policies := n.clients.NetworkingV1().NetworkPolicies(namespace)
	if !n.settings.Network.Closed && len(n.settings.Network.From) == 0 {
		return without(isNew, func() error { return policies.Delete(ctx, isolationName, metav1.DeleteOptions{}) })
	}
	spec, err := n.isolation(ctx)
	if err != nil {
		return err
	}
	_, err = policies.Apply(ctx, networkingv1apply.NetworkPolicy(isolationName, namespace).WithSpec(spec), applying())
	return err
}

// isolation is what a namespace is closed by.
func (n *Namespaces) isolation(ctx context.Context) (*networkingv1apply.NetworkPolicySpecApplyConfiguration, error) {
	egress := []*networkingv1apply.NetworkPolicyEgressRuleApplyConfiguration{
		networkingv1apply.NetworkPolicyEgressRule().WithTo(peers(n.settings.Network.To)...), dns(),
	}
	if n.settings.Network.Closed {
		servers, err := n.apiServers(ctx)
		if err != nil {
			return nil, err
		}
		egress = append(egress, servers...)
	}
	return networkingv1apply.NetworkPolicySpec().
		WithPodSelector(metav1apply.LabelSelector()). // all of them
		WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
		WithIngress(networkingv1apply.NetworkPolicyIngressRule().WithFrom(peers(n.settings.Network.From)...)).
		WithEgress(egress...), nil
}

// peers are the namespace's own pods and the CIDRs.
func peers(cidrs []string) []*networkingv1apply.NetworkPolicyPeerApplyConfiguration {
	found := []*networkingv1apply.NetworkPolicyPeerApplyConfiguration{
		networkingv1apply.NetworkPolicyPeer().WithPodSelector(metav1apply.LabelSelector()),
	}
	for _, cidr := range cidrs {
		found = append(found, networkingv1apply.NetworkPolicyPeer().WithIPBlock(networkingv1apply.IPBlock().WithCIDR(cidr)))
	}
	return found
}

// dns lets names be resolved, wherever the cluster's resolver is.
func dns() *networkingv1apply.NetworkPolicyEgressRuleApplyConfiguration {
	rule := networkingv1apply.NetworkPolicyEgressRule()
	for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
		rule.WithPorts(networkingv1apply.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(53)))
	}
	return rule
}
