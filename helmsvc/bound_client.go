package helmsvc

import (
	"context"
	"time"

	"helm.sh/helm/v3/pkg/kube"
)

// boundClient is Helm's Kubernetes client with two changes: waiting for
// readiness watches instead of polling every 2 s, and every wait ends with
// the operation's context.
type boundClient struct {
	*kube.Client
	ctx  context.Context
	wait func(kube.ResourceList) error
}

// Wait watches until the resources are ready. The timeout is the context's.
func (c *boundClient) Wait(resources kube.ResourceList, timeout time.Duration) error {
	if definitions := resources.Filter(isCRD); len(definitions) > 0 {
		// A chart's crds/ folder: Helm waits for them before anything else.
		if err := c.until(func() error { return c.Client.Wait(definitions, timeout) }); err != nil {
			return err
		}
		resources = resources.Difference(definitions)
	}
	if len(resources) == 0 {
		return nil
	}
	return c.wait(resources)
}

// WaitWithJobs is Wait: a Job of the release always has to complete.
func (c *boundClient) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return c.Wait(resources, timeout)
}

// WatchUntilReady waits for a hook.
func (c *boundClient) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	return c.until(func() error { return c.Client.WatchUntilReady(resources, timeout) })
}

// WaitForDelete waits for a deleted hook to be gone.
func (c *boundClient) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	return c.until(func() error { return c.Client.WaitForDelete(resources, timeout) })
}

// until runs one of Helm's own waits, which know no context, and stops
// waiting for it when the operation's context ends. What is left behind only
// reads, over a transport that no longer answers, and ends with its timeout.
func (c *boundClient) until(wait func() error) error {
	done := make(chan error, 1)
	go func() { done <- wait() }()
	select {
	case err := <-done:
		return err
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}
