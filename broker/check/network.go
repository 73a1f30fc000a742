package check

import (
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// Network is the broker's own cluster, on which a self-test sees what becomes of packets: from
// a pod of one instance to a pod of another, before, while and after a policy lets them pass.
// Both are in namespaces as instances have, and what opens and closes is what does so for
// bindings. Only the pod that asks is no app.
type Network struct {
	Clients    kubernetes.Interface
	Namespaces *tenant.Namespaces
	// Prefix begins the names of namespaces.
	Prefix string
	// Image is this broker's.
	Image string
	// C2C enforces policies on Silk; nil: it isn't to.
	C2C                             policy.Enforcer
	NetworkPolicies, SecurityGroups bool
}

// leftAge is how old is what a self-test that was killed has left: none takes that long.
const leftAge = 10 * time.Minute

// enforcers are those of the networks that policies are enforced on, which know of the trial.
func (n Network) enforcers(t trial) (all []policy.Enforcer, err error) {
	if n.C2C != nil {
		all = append(all, n.C2C)
	}
	if n.NetworkPolicies {
		// No namespace is called so, and no broker with it.
		byPolicies, err := networkpolicy.New(networkpolicy.Settings{Broker: "broker_check"}, n.Clients, places{n.Clients, t})
		if err != nil {
			return nil, err
		}
		all = append(all, byPolicies)
	}
	return all, nil
}
