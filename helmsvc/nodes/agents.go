package nodes

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Agents tells how many nodes have an agent, and how many of these were waited for in vain
// and haven't looked for policies since.
func (n *Nodes) Agents(ctx context.Context) (there, lagging int, err error) {
	leases, err := n.clients.CoordinationV1().Leases(podgroup.AgentsNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, 0, fmt.Errorf("listing the Leases of namespace %s: %w", podgroup.AgentsNamespace, err)
	}
	return len(leases.Items), n.stillLagging(byNode(leases.Items)), nil
}

// lag notes that the nodes weren't seen to have looked for policies since the mark.
func (n *Nodes) lag(nodes []string, mark string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, node := range nodes {
		n.behind[node] = mark
	}
}

// stillLagging counts the nodes that lag still, and forgets the others.
func (n *Nodes) stillLagging(leases map[string]*coordinationv1.Lease) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for node, mark := range n.behind {
		if len(awaited([]string{node}, leases, mark)) == 0 {
			delete(n.behind, node)
		}
	}
	return len(n.behind)
}

func byNode(leases []coordinationv1.Lease) map[string]*coordinationv1.Lease {
	known := map[string]*coordinationv1.Lease{}
	for i := range leases {
		known[leases[i].Name] = &leases[i]
	}
	return known
}
