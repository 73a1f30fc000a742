package release

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/discovery"
)

// capabilitiesAge is for how long charts are told the same of a cluster. Kinds
// that come meanwhile are found all the same: see Mapper.
const capabilitiesAge = 10 * time.Second

// capabilities are what charts are told of the cluster: its version and what it
// serves. Helm asks for them before each rendering, twice an install, which
// takes longer than anything else that an install does by itself.
type capabilities struct {
	asking singleflight.Group

	mu    sync.Mutex
	known *chartutil.Capabilities // guarded by mu
	until time.Time               // guarded by mu
}

// of returns them, as they were a moment ago. Discovery knows no context: who
// waits for it stops when ctx ends.
func (c *capabilities) of(ctx context.Context, api discovery.CachedDiscoveryInterface) (*chartutil.Capabilities, error) {
	if known := c.fresh(); known != nil {
		return known, nil
	}
	answer := c.asking.DoChan("", func() (any, error) {
		found, err := discover(api)
		if err == nil {
			c.learn(found)
		}
		return found, err
	})
	select {
	case got := <-answer:
		if got.Err != nil {
			return nil, got.Err
		}
		return got.Val.(*chartutil.Capabilities).Copy(), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *capabilities) fresh() *chartutil.Capabilities {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || time.Now().After(c.until) {
		return nil
	}
	return c.known.Copy()
}

func (c *capabilities) learn(found *chartutil.Capabilities) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.until = found, time.Now().Add(capabilitiesAge)
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
	version, err := versionOf(api)
	if err != nil {
		return nil, err
	}
	// An API that is registered and doesn't answer, a metrics server's say, isn't served.
	served, err := action.GetVersionSet(api)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("asking what the cluster serves: %w", err)
	}
	return &chartutil.Capabilities{
		APIVersions: served,
		KubeVersion: *version,
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}, nil
}
