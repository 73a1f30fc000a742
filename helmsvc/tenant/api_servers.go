package tenant

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	networkingv1apply "k8s.io/client-go/applyconfigurations/networking/v1"
)

// apiService is the Service by which pods reach the Kubernetes API, in namespace
// default.
const apiService = "kubernetes"

// apiServers let the Kubernetes API be reached, by the address of its Service and by
// those behind it: some plugins judge a packet before the Service is resolved, some after.
func (n *Namespaces) apiServers(ctx context.Context) ([]*networkingv1apply.NetworkPolicyEgressRuleApplyConfiguration, error) {
	service, err := n.clients.CoreV1().Services(metav1.NamespaceDefault).Get(ctx, apiService, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the Service of the Kubernetes API: %w", err)
	}
	behind, err := n.clients.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + apiService})
	if err != nil {
		return nil, fmt.Errorf("listing the endpoints of the Kubernetes API: %w", err)
	}
	return apiRules(service, behind.Items), nil
}

// apiRules are one rule for the Service and one for each slice of its endpoints, sorted,
// so that they are the same as long as the addresses are.
func apiRules(service *corev1.Service, behind []discoveryv1.EndpointSlice) []*networkingv1apply.NetworkPolicyEgressRuleApplyConfiguration {
	var ports []int32
	for _, port := range service.Spec.Ports {
		ports = append(ports, port.Port)
	}
	rules := reach(nil, service.Spec.ClusterIPs, ports)
	slices.SortFunc(behind, func(a, b discoveryv1.EndpointSlice) int { return strings.Compare(a.Name, b.Name) })
	for _, slice := range behind {
		var addresses []string
		for _, endpoint := range slice.Endpoints {
			addresses = append(addresses, endpoint.Addresses...)
		}
		ports = nil
		for _, port := range slice.Ports {
			if port.Port != nil {
				ports = append(ports, *port.Port)
			}
		}
		rules = reach(rules, addresses, ports)
	}
	return rules
}

// reach adds a rule, unless it would let everything pass.
func reach(rules []*networkingv1apply.NetworkPolicyEgressRuleApplyConfiguration, addresses []string, ports []int32) []*networkingv1apply.NetworkPolicyEgressRuleApplyConfiguration {
	rule := networkingv1apply.NetworkPolicyEgressRule()
	slices.Sort(addresses)
	for _, text := range slices.Compact(addresses) {
		address, err := netip.ParseAddr(text)
		if err != nil {
			continue // "None"
		}
		cidr := netip.PrefixFrom(address, address.BitLen()).String()
		rule.WithTo(networkingv1apply.NetworkPolicyPeer().WithIPBlock(networkingv1apply.IPBlock().WithCIDR(cidr)))
	}
	for _, port := range ports {
		rule.WithPorts(networkingv1apply.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(port)))
	}
	if len(rule.To) == 0 || len(rule.Ports) == 0 {
		return rules
	}
	return append(rules, rule)
}
