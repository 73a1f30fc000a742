package names

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// controller is the label of EndpointSlices that Kubernetes makes from a
// Service's selector (k8s.io/kubernetes, pkg/controller/endpointslice). Whoever
// may write EndpointSlices can forge it; no ClusterRole for tenants that comes
// with Kubernetes gives that right.
const controller = "endpointslice-controller.k8s.io"

// pods are the addresses that Kubernetes has put into any Service with a selector,
// and the nodes of their pods. Of two nodes that an address is said to be on that of
// the ready pod counts: the other one may be dead.
func (r *reading) pods(services []*corev1.Service) map[netip.Addr]string {
	own := map[netip.Addr]string{}
	for _, service := range services {
		if len(service.Spec.Selector) == 0 {
			continue
		}
		for _, slice := range r.endpoints[service.Name] {
			if slice.Labels[discoveryv1.LabelManagedBy] != controller {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				address, ok := addressOf(endpoint)
				if !ok || isTerminating(endpoint) {
					continue
				}
				if own[address] == "" || isReady(endpoint) {
					own[address] = nodeOf(endpoint)
				}
			}
		}
	}
	return own
}
