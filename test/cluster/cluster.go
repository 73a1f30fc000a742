package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Options say what kind of cluster Start makes. The zero value is a good one.
type Options struct {
	// Nodes is the number of worker nodes. 0 means 3.
	Nodes int
	// PodCIDR is the IPv4 network that pods get their addresses from. It must hold all pods that run at once.
	// Empty means 10.255.0.0/16.
	PodCIDR string
	// Log hears what is going on, one line a step. nil means silence.
	Log io.Writer
	// Dir is where the cluster keeps its files: data, certificates, a log for each component. It must be missing or empty,
	// and Stop removes it. Empty means a fresh temporary folder.
	Dir string
}

func (o Options) withDefaults() (Options, error) {
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	if o.Nodes < 0 || o.Nodes > maxNodes {
		return o, fmt.Errorf("%d nodes: ask for 1 to %d", o.Nodes, maxNodes)
	}
	if o.PodCIDR == "" {
		o.PodCIDR = "10.255.0.0/16"
	}
	if cidr, err := netip.ParsePrefix(o.PodCIDR); err != nil || !cidr.Addr().Is4() {
		return o, fmt.Errorf("PodCIDR %q isn't an IPv4 network such as 10.255.0.0/16", o.PodCIDR)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	return o, nil
}

// Cluster is a running local Kubernetes cluster. Its methods may be called from several goroutines.
type Cluster struct {
	options  Options
	binDir   string
	folder   *folder
	launcher *launcher
	config   *rest.Config
	client   kubernetes.Interface

	etcdPort, etcdPeerPort, apiPort *port

	mutex     sync.Mutex // guards what follows
	apiServer *process   // nil while stopped
	others    []*process // everything but the API server
	stopped   bool
	stopErr   error
}

// Kubeconfig is the path of a kubeconfig file with all rights.
func (c *Cluster) Kubeconfig() string { return c.folder.file("admin.kubeconfig") }

// RESTConfig is a client configuration with all rights and no limit on requests a second. The caller may change it.
func (c *Cluster) RESTConfig() *rest.Config { return rest.CopyConfig(c.config) }

// Start starts a cluster and returns when it is ready for work: the API server says so, the nodes are Ready and take pods,
// and the default ServiceAccounts exist. That takes a few seconds, and minutes more when Build has to build first.
// ctx bounds the start only. The caller owes the cluster a Stop.
func Start(ctx context.Context, options Options) (_ *Cluster, err error) {
	options, err = options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("starting a local cluster: %w", err)
	}
	binDir, err := Build(ctx, options.Log)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	c := &Cluster{options: options, binDir: binDir, launcher: newLauncher()}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a local cluster: %w", err), c.Stop())
	}
	_, _ = fmt.Fprintf(options.Log, "local cluster ready at %s after %.1f s\n", c.config.Host, time.Since(begin).Seconds())
	return c, nil
}

func (c *Cluster) start(ctx context.Context) (err error) {
	if c.folder, err = newFolder(c.options.Dir); err != nil {
		return err
	}
	for _, p := range []**port{&c.etcdPort, &c.etcdPeerPort, &c.apiPort} {
		if *p, err = reservePort(); err != nil {
			return err
		}
	}
	if err := c.writeFiles(); err != nil {
		return err
	}
	if err := c.run("etcd", c.etcdArgs()); err != nil {
		return err
	}
	if err := c.StartAPIServer(ctx); err != nil {
		return err
	}
	for name, args := range map[string][]string{
		"kube-controller-manager": c.controllerManagerArgs(),
		"kube-scheduler":          c.schedulerArgs(),
		"kwok":                    c.kwokArgs(),
	} {
		if err := c.run(name, args); err != nil {
			return err
		}
	}
	return c.furnish(ctx)
}

func (c *Cluster) run(name string, args []string) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	p, err := c.launch(name, args)
	if err != nil {
		return err
	}
	c.others = append(c.others, p)
	return nil
}

// launch wants the mutex held.
func (c *Cluster) launch(name string, args []string) (*process, error) {
	if c.stopped {
		return nil, fmt.Errorf("starting %s: the cluster has been stopped", name)
	}
	return c.launcher.start(filepath.Join(c.binDir, name), c.folder.file(name+".log"), c.folder.path, args...)
}

// processes are those that should be running now.
func (c *Cluster) processes() []*process {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	all := slices.Clone(c.others)
	if c.apiServer != nil {
		all = append(all, c.apiServer)
	}
	return all
}

// Stop ends every process of the cluster and removes all its files. Calling it again does nothing and returns the same.
func (c *Cluster) Stop() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.stopped {
		c.stopped = true
		c.stopErr = c.tearDown()
	}
	return c.stopErr
}

func (c *Cluster) tearDown() error {
	var errs []error
	for _, p := range append(c.others, c.apiServer) {
		if p != nil {
			errs = append(errs, p.kill())
		}
	}
	c.apiServer, c.others = nil, nil
	c.launcher.close()
	for _, p := range []*port{c.etcdPort, c.etcdPeerPort, c.apiPort} {
		if p != nil {
			p.release()
		}
	}
	if c.folder != nil {
		errs = append(errs, c.folder.remove())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stopping the local cluster: %w", err)
	}
	return nil
}
