package view

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// viewsAtOnce is how many views are read at a time.
const viewsAtOnce = 2

// Reader reads what instances in one cluster offer. Its methods may be called from
// any number of goroutines.
type Reader struct {
	tenants   *tenant.Namespaces
	config    *rest.Config
	clients   kubernetes.Interface
	discovery discovery.CachedDiscoveryInterface
	mapper    meta.ResettableRESTMapper
	// views are the turns for reading what a namespace holds. Tenants take them.
	views *fair.Semaphore
}

// New reads the cluster that config names; the others are made with it.
func New(tenants *tenant.Namespaces, config *rest.Config, clients kubernetes.Interface, cached discovery.CachedDiscoveryInterface, mapper meta.ResettableRESTMapper) *Reader {
	return &Reader{tenants: tenants, config: config, clients: clients, discovery: cached, mapper: mapper, views: fair.NewSemaphore(viewsAtOnce)}
}
