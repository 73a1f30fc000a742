package readiness

import (
	"fmt"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Reader reads what an instance's namespace holds, with the instance's rights
// or the broker's.
type Reader struct {
	clients kubernetes.Interface
	dynamic dynamic.Interface
	kinds   kinds
	// rules are what the instance's plan says of when kinds are ready.
	rules []chart.Readiness
}

// NewReader reads with the rights of as, and CRDs with the broker's. rules are the
// plan's.
func NewReader(as, broker *rest.Config, discovery discovery.CachedDiscoveryInterface, rules []chart.Readiness) (Reader, error) {
	clients, err := kubernetes.NewForConfig(as)
	if err != nil {
		return Reader{}, fmt.Errorf("building the instance's Kubernetes client: %w", err)
	}
	dynamicClient, err := dynamic.NewForConfig(as)
	if err != nil {
		return Reader{}, fmt.Errorf("building the instance's dynamic Kubernetes client: %w", err)
	}
	definitions, err := dynamic.NewForConfig(broker)
	if err != nil {
		return Reader{}, fmt.Errorf("building the client for CustomResourceDefinitions: %w", err)
	}
	return Reader{clients: clients, dynamic: dynamicClient, kinds: kinds{definitions: definitions, discovery: discovery}, rules: rules}, nil
}
