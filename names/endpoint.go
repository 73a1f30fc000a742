package names

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// counts tells whether an endpoint is one that DNS tells of.
func counts(service *corev1.Service, endpoint discoveryv1.Endpoint) bool {
	if isTerminating(endpoint) {
		return false
	}
	return isReady(endpoint) || service.Spec.PublishNotReadyAddresses
}

// isReady tells whether an endpoint is ready. That may be missing, which means yes
// (k8s.io/api, discovery/v1, EndpointConditions).
func isReady(endpoint discoveryv1.Endpoint) bool {
	return endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
}

// nodeOf is where Kubernetes has put an endpoint's pod; empty: it doesn't say.
func nodeOf(endpoint discoveryv1.Endpoint) string {
	if endpoint.NodeName == nil {
		return ""
	}
	return *endpoint.NodeName
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
