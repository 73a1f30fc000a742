package helmsvc

import (
	"fmt"

	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/events"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/nodes"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/wire"
)

// Cluster is a connection to the Kubernetes cluster that releases go to. Its
// methods may be called from any number of goroutines.
type Cluster struct {
	*tenant.Namespaces
	*view.Reader
	*release.Client
	*nodes.Nodes
	*events.Teller
	clients kubernetes.Interface
}

// Config is what a Cluster does beyond installing charts as they are.
type Config struct {
	// Tenants is how instances are kept apart.
	Tenants tenant.Config
	// Releases is how Helm works.
	Releases release.Config
}

// Clients are those of the cluster, with the broker's own rights.
func (c *Cluster) Clients() kubernetes.Interface { return c.clients }

// NewCluster connects to the cluster that access names. It sends no request.
func NewCluster(access *rest.Config, config Config) (*Cluster, error) {
	access = bounded.Reads(access)
	clients, err := kubernetes.NewForConfig(wire.Compact(access))
	if err != nil {
		return nil, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	cached := memory.NewMemCacheClient(clients.Discovery())
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cached)
	tenants := tenant.New(access, clients, config.Tenants)
	return &Cluster{
		Namespaces: tenants,
		Reader:     view.New(tenants, access, clients, cached, mapper),
		Client:     release.New(tenants, access, cached, mapper, config.Releases),
		Nodes:      nodes.New(clients),
		Teller:     events.New(clients),
		clients:    clients,
	}, nil
}
