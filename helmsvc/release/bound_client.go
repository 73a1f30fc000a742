package release

import (
	"context"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// boundClient is Helm's Kubernetes client with some changes: objects are
// adjusted where they are built and where they are made, those outside the
// instance's namespace are kept apart, waiting watches instead of polling every
// 2 s, and every wait ends with the operation's context.
type boundClient struct {
	*kube.Client
	ctx      context.Context
	registry manifest.Registry
	rules    manifest.Rules
	release  string
	// broker has the broker's own rights, where Helm acts as the instance.
	broker *rest.Config
	watch  func(ctx context.Context, resources kube.ResourceList, hook bool) error
	// failed is why something failed. Helm keeps only the words of a hook's error.
	failed error
}

// IsReachable asks nothing: whoever opens a session reads the release first.
func (c *boundClient) IsReachable() error { return nil }

// Wait watches until the resources are ready. The timeout is the context's.
func (c *boundClient) Wait(resources kube.ResourceList, timeout time.Duration) error {
	if definitions := resources.Filter(manifest.IsCRD); len(definitions) > 0 {
		// A chart's crds/ folder: Helm waits for them before anything else.
		if err := c.until(func() error { return c.Client.Wait(definitions, timeout) }); err != nil {
			return err
		}
		resources = resources.Difference(definitions)
	}
	if len(resources) == 0 {
		return nil
	}
	c.failed = c.watch(c.ctx, resources, false)
	return c.failed
}

// WaitWithJobs is Wait: a Job of the release always has to complete.
func (c *boundClient) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return c.Wait(resources, timeout)
}

// WatchUntilReady waits until a hook's Jobs and pods have completed; anything
// else of a hook is done when it has been made.
func (c *boundClient) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	running := resources.Filter(runsToEnd)
	if len(running) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	c.failed = c.watch(ctx, running, true)
	return c.failed
}

func runsToEnd(info *resource.Info) bool {
	kind := info.Mapping.GroupVersionKind.Kind
	return kind == "Job" || kind == "Pod"
}

// WaitForDelete waits for a deleted hook to be gone.
func (c *boundClient) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	return c.until(func() error { return c.Client.WaitForDelete(resources, timeout) })
}

// until runs one of Helm's own waits, which know no context, and stops
// waiting for it when the operation's context ends. What is left behind only
// reads, over a transport that no longer answers, and ends with its timeout.
func (c *boundClient) until(wait func() error) error {
	return fair.Aside(c.ctx, func(context.Context) error { return c.waitUntil(wait) })
}

func (c *boundClient) waitUntil(wait func() error) error {
	done := make(chan error, 1)
	go func() { done <- wait() }()
	select {
	case err := <-done:
		return err
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}
