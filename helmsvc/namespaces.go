package helmsvc

import (
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// Namespaces are those of the instances in one cluster, and what may be done in them
// in whose name. Its methods may be called from any number of goroutines.
type Namespaces struct {
	config   *rest.Config
	clients  kubernetes.Interface
	settings namespacesConfig
}

// namespacesConfig is what namespaces are made of, and who acts in them.
type namespacesConfig struct {
	// Registry is where images come from; namespaces carry its password.
	Registry manifest.Registry
	// WithoutExposure: nothing may be reachable around the policies, unless its
	// plan allows it.
	WithoutExposure bool
	// Impersonate: what is done in an instance's namespace is done as the instance.
	Impersonate bool
	// PodSecurity is the Pod Security Standard of instances whose plan names none;
	// empty: none.
	PodSecurity string
	// Network is what instances' NetworkPolicies let pass.
	Network Network
}

// newNamespaces are those of the cluster that config names; clients are made with it.
func newNamespaces(config *rest.Config, clients kubernetes.Interface, settings namespacesConfig) *Namespaces {
	return &Namespaces{config: config, clients: clients, settings: settings}
}
