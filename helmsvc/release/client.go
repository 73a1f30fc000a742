package release

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Client has Helm work on the releases of one cluster. Its methods may be called
// from any number of goroutines.
type Client struct {
	tenants   *tenant.Namespaces
	config    *rest.Config
	discovery discovery.CachedDiscoveryInterface
	mapper    meta.ResettableRESTMapper
	// capabilities are what charts are told of the cluster.
	capabilities capabilities
	settings     Config
	// turns bound how much Helm work is done at once; nil: nothing does.
	turns *fair.Semaphore
}

// Config is how Helm works.
type Config struct {
	// Renderer renders charts in a sandbox; nil: Helm renders them in this process,
	// twice and unbounded.
	Renderer *render.Renderer
	// Renderings are the turns for the Renderer, which Clients may share; nil:
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
	// Meter tells of those who wait for that; nil: nothing does.
	Meter *fair.Meter
}

// New works on the cluster that config names; the others are made with it.
func New(tenants *tenant.Namespaces, config *rest.Config, cached discovery.CachedDiscoveryInterface, mapper meta.ResettableRESTMapper, settings Config) *Client {
	c := &Client{tenants: tenants, config: config, discovery: cached, mapper: mapper, settings: settings}
	if settings.Workers > 0 {
		c.turns = fair.NewSemaphore(settings.Workers).Metered(settings.Meter)
		if settings.Limiter != nil {
			settings.Limiter.InTurns(c.turns)
		}
	}
	return c
}
