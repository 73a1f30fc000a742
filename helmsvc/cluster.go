package helmsvc

import (
	"fmt"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
)

// Cluster is a connection to the Kubernetes cluster that releases go to. Its
// methods may be called from any number of goroutines.
type Cluster struct {
	*tenant.Namespaces
	*view.Reader
	config    *rest.Config
	clients   kubernetes.Interface
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	// capabilities are what charts are told of it.
	capabilities capabilities
	// settings are what it does beyond installing charts as they are.
	settings Config
	// turns bound how much Helm work is done at once; nil: nothing does.
	turns *fair.Semaphore
}

// Config is what a Cluster does beyond installing charts as they are.
type Config struct {
	// Tenants is how instances are kept apart.
	Tenants tenant.Config
	// Renderer renders charts in a sandbox; nil: Helm renders them in this process,
	// twice and unbounded.
	Renderer *render.Renderer
	// Renderings are the turns for the Renderer, which Clusters may share; nil:
	// nothing bounds how many charts are rendered at once.
	Renderings *fair.Semaphore
	// Limiter has requests that Helm sends wait for their tenant's turn; nil: they
	// don't wait. Requests whose context names a tenant go by the limiter of the
	// connection; Helm's have none.
	Limiter *fair.Limiter
	// Workers bounds how many releases are worked on at once: rendering, reading
	// and writing, not waiting for readiness. Tenants take turns. Operators aren't
	// counted. 0: nothing bounds it.
	Workers int
}

// Clients are those of the cluster, with the broker's own rights.
func (c *Cluster) Clients() kubernetes.Interface { return c.clients }

// NewCluster connects to the cluster that access names. It sends no request.
func NewCluster(access *rest.Config, config Config) (*Cluster, error) {
	access = bounded.Reads(access)
	clients, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	cached := memory.NewMemCacheClient(clients.Discovery())
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cached)
	tenants := tenant.New(access, clients, config.Tenants)
	c := &Cluster{
		Namespaces: tenants,
		Reader:     view.New(tenants, access, clients, cached, mapper),
		config:     access,
		clients:    clients,
		discovery:  cached,
		settings:   config,
		mapper:     mapper,
	}
	if config.Workers > 0 {
		c.turns = fair.NewSemaphore(config.Workers)
	}
	return c, nil
}
