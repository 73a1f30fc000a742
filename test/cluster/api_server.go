package cluster

import "context"

// StopAPIServer kills the API server: connections break, new ones are refused. Pods and nodes stay as they are. Stopping
// a stopped API server does nothing.
func (c *Cluster) StopAPIServer() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.apiServer == nil {
		return nil
	}
	err := c.apiServer.kill()
	c.apiServer = nil
	return err
}

// StartAPIServer starts the API server on the same port with the same data and returns when /readyz says ok. The other
// components find it again by themselves, within a few seconds. Where it runs already, there is only the waiting.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	if err := c.runAPIServer(); err != nil {
		return err
	}
	return c.await(ctx, "the API server to be ready", func(ctx context.Context) (bool, error) {
		_, err := c.client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, err
	})
}

func (c *Cluster) runAPIServer() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.apiServer != nil {
		return nil
	}
	p, err := c.launch("kube-apiserver", c.apiServerArgs())
	if err != nil {
		return err
	}
	c.apiServer = p
	return nil
}
