package names

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// counts tells whether an endpoint is one that DNS tells of. Ready may be
// missing, which means yes (k8s.io/api, discovery/v1, EndpointConditions).
func counts(service *corev1.Service, endpoint discoveryv1.Endpoint) bool {
	if isTerminating(endpoint) {
		return false
	}
	ready := endpoint.Conditions.Ready
	return ready == nil || *ready || service.Spec.PublishNotReadyAddresses
}

func isTerminating(endpoint discoveryv1.Endpoint) bool {
	return endpoint.Conditions.Terminating != nil && *endpoint.Conditions.Terminating
}

// addressOf is an endpoint's address, if that is IPv4. Of several addresses the
// first stands for all (k8s.io/api, discovery/v1, Endpoint).
func addressOf(endpoint discoveryv1.Endpoint) (netip.Addr, bool) {
	if len(endpoint.Addresses) == 0 {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(endpoint.Addresses[0])
	if err != nil || !address.Is4() {
		return netip.Addr{}, false
	}
	return address, true
}
