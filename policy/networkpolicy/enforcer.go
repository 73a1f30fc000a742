package networkpolicy

import (
	"fmt"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Enforcer is a policy.Enforcer. Its methods may be called from any number of
// goroutines. What Kubernetes refuses is a policy.Error; where there was no answer,
// the error of the connection is in the chain.
type Enforcer struct {
	settings Settings
	home     kubernetes.Interface
	ends     Ends
}

var _ policy.Enforcer = (*Enforcer)(nil)

// New makes one. home is the broker's own cluster, where apps' pods are if anywhere.
// It sends no request.
func New(settings Settings, home kubernetes.Interface, ends Ends) (*Enforcer, error) {
	if err := settings.Validate(); err != nil {
		return nil, fmt.Errorf("NetworkPolicies: %w", err)
	}
	return &Enforcer{settings: settings, home: home, ends: ends}, nil
}
