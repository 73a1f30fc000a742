package nodenetworks

import (
	"context"
	"fmt"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// patience is for one question.
const patience = 10 * time.Second

// Asker asks for one node. It needs the right to get nodes.
type Asker struct {
	nodes typedcorev1.NodeInterface
	node  string
	every time.Duration
	log   lager.Logger

	mu       sync.Mutex
	networks []string // guarded by mu
}

// New returns one that asks so often, and sends no request.
func New(config *rest.Config, node string, every time.Duration, log lager.Logger) (*Asker, error) {
	client, err := typedcorev1.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for nodes: %w", err)
	}
	return &Asker{nodes: client.Nodes(), node: node, every: every, log: log.Session("node-networks")}, nil
}

// Networks are those of the last answer (the Node's spec.podCIDRs); none before the
// first one, and where there is no such Node.
func (a *Asker) Networks() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.networks
}

// Run asks until ctx ends.
func (a *Asker) Run(ctx context.Context) {
	again := time.NewTicker(a.every)
	defer again.Stop()
	said := ""
	for {
		now := ""
		if err := a.ask(ctx); err != nil {
			now = err.Error()
		}
		if now != said && now != "" && ctx.Err() == nil {
			a.log.Info("not-told", lager.Data{"error": now, "meaning": "whether kube-controller-manager gives the node a network isn't known, or as it was"})
		}
		said = now
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func (a *Asker) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Of version 0 is what the API server has at hand.
	node, err := a.nodes.Get(ctx, a.node, metav1.GetOptions{ResourceVersion: "0"})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("asking Kubernetes for the node: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.networks = nil
	if err == nil {
		a.networks = node.Spec.PodCIDRs
	}
	return nil
}
