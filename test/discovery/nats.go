package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsCluster are the NATS servers.
type natsCluster struct {
	mu      sync.Mutex // guards what follows
	options []*server.Options
	running []*server.Server // nil while stopped
}

func startNATS(s *Server) (*natsCluster, error) {
	c := &natsCluster{running: make([]*server.Server, s.options.Servers)}
	var routes []*url.URL
	for i := range s.options.Servers {
		c.options = append(c.options, natsOptions(s, i, routes))
		if err := c.start(i); err != nil {
			c.close()
			return nil, err
		}
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: c.running[i].ClusterAddr().String()})
	}
	if err := c.join(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// natsOptions are those of the job nats-tls, without what has to do with files
// and with watching.
func natsOptions(s *Server, i int, routes []*url.URL) *server.Options {
	o := &server.Options{
		ServerName: "nats-" + strconv.Itoa(i),
		Host:       "127.0.0.1", Port: server.RANDOM_PORT,
		NoLog: true, NoSigs: true, NoSystemAccount: true,
		Username: s.user, Password: s.password, AuthTimeout: 15,
		WriteDeadline: 2 * time.Second,
		Cluster:       server.ClusterOpts{Name: "cf", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoAdvertise: true, PoolSize: -1},
		Routes:        routes,
	}
	if !s.options.Plain {
		o.TLSConfig, o.TLS, o.TLSVerify, o.TLSTimeout = s.identity.server, true, true, 5
	}
	return o
}

// start starts a server; once it has run it keeps its ports.
func (c *natsCluster) start(i int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[i] != nil {
		return errors.New("this NATS server runs")
	}
	n, err := server.NewServer(c.options[i].Clone())
	if err != nil {
		return fmt.Errorf("configuring a NATS server: %w", err)
	}
	n.Start()
	if !n.ReadyForConnections(20 * time.Second) {
		n.Shutdown()
		return errors.New("a NATS server hasn't started in 20 s")
	}
	c.options[i].Port = n.Addr().(*net.TCPAddr).Port
	c.options[i].Cluster.Port = n.ClusterAddr().Port
	c.running[i] = n
	return nil
}

func (c *natsCluster) stop(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.running[i]; n != nil {
		n.Shutdown()
		n.WaitForShutdown()
		c.running[i] = nil
	}
}

func (c *natsCluster) close() {
	for i := range c.options {
		c.stop(i)
	}
}

func (c *natsCluster) addresses() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, o := range c.options {
		all = append(all, net.JoinHostPort(o.Host, strconv.Itoa(o.Port)))
	}
	return all
}

// StopNATS ends the ith server, as if its machine were gone.
func (s *Server) StopNATS(i int) { s.nats.stop(i) }

// StartNATS starts it again, at the same port, and returns when the servers that
// run have found each other: what is said on one is heard on all.
func (s *Server) StartNATS(i int) error {
	if err := s.nats.start(i); err != nil {
		return err
	}
	return s.nats.join()
}

// join waits until each server that runs has a route to each other one.
func (c *natsCluster) join() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for !c.isJoined() {
		select {
		case <-ctx.Done():
			return errors.New("the NATS servers haven't found each other in 20 s")
		case <-every.C:
		}
	}
	return nil
}

func (c *natsCluster) isJoined() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	running := slices.DeleteFunc(slices.Clone(c.running), func(n *server.Server) bool { return n == nil })
	for _, n := range running {
		if n.NumRoutes() < len(running)-1 {
			return false
		}
	}
	return true
}
