package nodes

import (
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// of are the nodes on which pods are Ready and on the overlay, sorted.
func of(pods []corev1.Pod) []string {
	var nodes []string
	for i := range pods {
		if readiness.IsReady(&pods[i]) && !pods[i].Spec.HostNetwork {
			nodes = append(nodes, pods[i].Spec.NodeName)
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// awaited are those of the nodes that have an agent, by its Lease, which hasn't seen to
// a poll since the mark. Nobody waits for a node without one: it polls when it does.
//
// The mark and what a Lease says are resourceVersions of namespaces, which are compared.
// Kubernetes says that they can be since 1.35; before, they have always been the
// revisions of one etcd. Where they can't, the node is awaited.
func awaited(nodes []string, leases map[string]*coordinationv1.Lease, mark string) []string {
	var waiting []string
	for _, node := range nodes {
		lease, hasAgent := leases[node]
		if !hasAgent {
			continue
		}
		order, err := resourceversion.CompareResourceVersion(lease.Annotations[podgroup.PolledAnnotation], mark)
		if err != nil || order < 0 {
			waiting = append(waiting, node)
		}
	}
	return waiting
}
