package helmsvc

import (
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// Option sets what a Cluster does beyond installing charts as they are.
type Option func(*Cluster)

// WithRegistry has every chart's images come from the registry, which must
// hold them already, and each instance's namespace carry the password for it.
// Without a Server it does nothing.
func WithRegistry(r manifest.Registry) Option {
	return func(c *Cluster) {
		// Kibosh allows a scheme, which the name of an image can't have.
		r.Server = strings.TrimPrefix(strings.TrimPrefix(r.Server, "https://"), "http://")
		r.Server = strings.TrimRight(r.Server, "/")
		c.registry = r
	}
}

// WithoutExposure keeps a chart from being reachable around
// container-to-container policies: Services of type LoadBalancer or NodePort
// become ClusterIP and lose their external addresses, and pods with ports of
// their nodes are refused with an ExposedError. Plans may allow exposure.
func WithoutExposure() Option {
	return func(c *Cluster) { c.withoutExposure = true }
}
