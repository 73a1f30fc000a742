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
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// Cluster is a connection to the Kubernetes cluster that releases go to. Its
// methods may be called from any number of goroutines.
type Cluster struct {
	config    *rest.Config
	clients   kubernetes.Interface
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	// capabilities are what charts are told of it.
	capabilities capabilities
	registry     manifest.Registry
	// withoutExposure: nothing may be reachable around the policies, unless its
	// plan allows it.
	withoutExposure bool
	// impersonate: Helm acts as the instance.
	impersonate bool
	// podSecurity is the Pod Security Standard of instances whose plan names
	// none; empty: none.
	podSecurity string
	// renderer renders charts, and renderings are the turns for it; nil: Helm does.
	renderer   *render.Renderer
	renderings *fair.Semaphore
	// limiter bounds requests a second, if it isn't nil: by config's own limiter
	// those whose context names a tenant, by this one Helm's, which have none.
	limiter *fair.Limiter
	// turns bound how much Helm work is done at once; nil: nothing does.
	turns *fair.Semaphore
	// views are the turns for reading what a namespace holds.
	views *fair.Semaphore
	// network is what instances' NetworkPolicies let pass.
	network Network
}

// NewCluster connects to the cluster that config names. It sends no request.
func NewCluster(config *rest.Config, options ...Option) (*Cluster, error) {
	config = bounded.Reads(config)
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("building the Kubernetes client: %w", err)
	}
	cached := memory.NewMemCacheClient(clients.Discovery())
	c := &Cluster{
		config:    config,
		clients:   clients,
		discovery: cached,
		views:     newViews(),
		mapper:    restmapper.NewDeferredDiscoveryRESTMapper(cached),
	}
	for _, set := range options {
		set(c)
	}
	return c, nil
}
