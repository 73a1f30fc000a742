package tenant

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
	settings Config
}

// Config is how instances are kept apart, and what from.
type Config struct {
	// Registry is where every chart's images come from; it must hold them already.
	// Each instance's namespace carries the password for it. Without a Server:
	// from where the charts say.
	Registry manifest.Registry
	// WithoutExposure keeps a chart from being reachable around
	// container-to-container policies: Services of type LoadBalancer or NodePort
	// become ClusterIP and lose their external addresses, and pods with ports of
	// their nodes are refused with an ExposedError. Plans may allow exposure.
	WithoutExposure bool
	// Impersonate has Helm act as the instance and not as the broker: what a
	// chart's templates look up and what they make lies in the instance's namespace
	// or is refused with an OutsideError. Objects of cluster-scoped kinds that the
	// target allows are made with the broker's own rights. Operators act as the
	// broker all the same.
	Impersonate bool
	// PodSecurity is the Pod Security Standard that the pods of all instances keep
	// to, unless their plan names another; empty: none.
	PodSecurity string
	// Network is what instances' NetworkPolicies let pass.
	Network Network
}

// New are those of the cluster that config names; clients are made with it.
func New(config *rest.Config, clients kubernetes.Interface, settings Config) *Namespaces {
	settings.Registry = settings.Registry.Trimmed()
	return &Namespaces{config: config, clients: clients, settings: settings}
}

// Registry is where images come from.
func (n *Namespaces) Registry() manifest.Registry { return n.settings.Registry }

// Rules are how a revision is made of which the plan allows exposure or doesn't.
func (n *Namespaces) Rules(target Target, exposure bool) manifest.Rules {
	return manifest.Rules{
		AsIs: target.Operator, Closed: n.settings.WithoutExposure && !exposure, Groups: target.PolicyGroups,
		Group: target.PolicyGroup, GroupLabels: target.GroupLabels,
		Confined: n.ActsAsInstance(target), ClusterKinds: target.ClusterObjects,
	}
}
