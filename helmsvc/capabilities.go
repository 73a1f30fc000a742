package helmsvc

import (
	"fmt"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/discovery"
)

// capabilitiesAge is for how long charts are told the same of a cluster. Kinds
// that come meanwhile are found all the same: see sessionMapper.
const capabilitiesAge = 10 * time.Second

// capabilities are what charts are told of the cluster: its version and what it
// serves. Helm asks for them before each rendering, twice an install, which
// takes longer than anything else that an install does by itself.
type capabilities struct {
	mu    sync.Mutex
	known *chartutil.Capabilities
	until time.Time
}

// of returns them, as they were a moment ago.
func (c *capabilities) of(api discovery.CachedDiscoveryInterface) (*chartutil.Capabilities, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil && time.Now().Before(c.until) {
		return c.known.Copy(), nil
	}
	found, err := discover(api)
	if err != nil {
		return nil, err
	}
	c.known, c.until = found, time.Now().Add(capabilitiesAge)
	return found.Copy(), nil
}

// renew has them asked for again.
func (c *capabilities) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
}

// discover is what Helm does.
func discover(api discovery.CachedDiscoveryInterface) (*chartutil.Capabilities, error) {
	api.Invalidate()
	version, err := api.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("asking for the cluster's version: %w", err)
	}
	// An API that is registered and doesn't answer, a metrics server's say, isn't served.
	served, err := action.GetVersionSet(api)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("asking what the cluster serves: %w", err)
	}
	return &chartutil.Capabilities{
		APIVersions: served,
		KubeVersion: chartutil.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor},
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}, nil
}
