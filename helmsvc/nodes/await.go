package nodes

import (
	"context"
	"fmt"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Nodes are those of a cluster. Its methods may be called from any number of goroutines.
type Nodes struct {
	clients kubernetes.Interface

	mu     sync.Mutex
	behind map[string]string // nodes that lag, and by which mark; guarded by mu
}

// New returns the nodes of the cluster.
func New(clients kubernetes.Interface) *Nodes {
	return &Nodes{clients: clients, behind: map[string]string{}}
}

// AwaitPolled waits until all nodes that have Ready pods of the namespace, and an agent,
// have looked for policies since mark, which is what marking the namespace has returned.
// If ctx ends before, it returns those that haven't. The error says why that can't be
// told.
func (n *Nodes) AwaitPolled(ctx context.Context, namespace, mark string) (lagging []string, err error) {
	defer func() { n.lag(lagging, mark) }()
	pods, err := n.clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of namespace %s: %w", namespace, err)
	}
	where := of(pods.Items)
	if len(where) == 0 {
		return nil, nil
	}
	leases := n.clients.CoordinationV1().Leases(podgroup.AgentsNamespace)
	list, err := leases.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the Leases of namespace %s, in which nodes say that they have looked for policies: %w", podgroup.AgentsNamespace, err)
	}
	known := byNode(list.Items)
	lagging = awaited(where, known, mark)
	if len(lagging) == 0 {
		return nil, nil
	}
	source := &cache.ListWatch{WatchFuncWithContext: leases.Watch}
	changes, err := watchtools.NewRetryWatcherWithContext(ctx, list.ResourceVersion, source)
	if err != nil {
		return lagging, fmt.Errorf("watching the Leases of namespace %s: %w", podgroup.AgentsNamespace, err)
	}
	defer changes.Stop()
	for change := range changes.ResultChan() {
		lease, isLease := change.Object.(*coordinationv1.Lease)
		switch {
		case change.Type == watch.Error:
			return lagging, fmt.Errorf("watching the Leases of namespace %s: %w", podgroup.AgentsNamespace, apierrors.FromObject(change.Object))
		case !isLease:
			continue
		case change.Type == watch.Deleted:
			delete(known, lease.Name)
		default:
			known[lease.Name] = lease
		}
		if lagging = awaited(where, known, mark); len(lagging) == 0 {
			return nil, nil
		}
	}
	return lagging, nil
}
