package silk

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Options say what kind of overlay Start makes.
type Options struct {
	// Nodes are the names of cells and workers.
	Nodes []string
	// PolicyServer is the URL of the policy server that policy agents ask,
	// cf.Server.URL.
	PolicyServer string
	// Plain nodes have no rules and no policy agents: every packet passes, unless others
	// see to it.
	Plain bool
	// PollInterval is the policy agents' own, Silk's by default: 5 s.
	PollInterval time.Duration
	// LeaseBits is the length of a lease's prefix, Silk's by default: 24.
	LeaseBits int
}

// Network is the overlay's, of which each node leases a part.
var Network = netip.MustParsePrefix("10.255.0.0/16")

const (
	overlayMTU = 1450
	pollPort   = "127.0.0.1:8722"
)

// Overlay is a running overlay. Its methods may be called from any goroutine.
type Overlay struct {
	options Options
	owner   string
	folder  string
	wire    Namespace
	nodes   map[string]*Node
}

// Start makes the nodes and starts a policy agent on each. ctx bounds building the
// plugin. The caller owes the overlay a Close.
func Start(ctx context.Context, options Options) (_ *Overlay, err error) {
	if err := Missing(); err != nil {
		return nil, fmt.Errorf("there can be no overlay here: %w", err)
	}
	if err := sweep(); err != nil {
		return nil, fmt.Errorf("removing what earlier processes have left: %w", err)
	}
	if options.PollInterval == 0 {
		options.PollInterval = 5 * time.Second
	}
	if options.LeaseBits == 0 {
		options.LeaseBits = 24
	}
	o := &Overlay{options: options, nodes: map[string]*Node{}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("starting the overlay: %w", err), o.Close())
		}
	}()
	if o.owner, err = newOwner(); err != nil {
		return nil, err
	}
	if o.folder, err = os.MkdirTemp("", o.owner+"."); err != nil {
		return nil, err
	}
	if err := o.build(ctx); err != nil {
		return nil, err
	}
	return o, o.connect()
}

// PluginType is the plugin's name, and PluginFolder where it is.
const PluginType = "silk-standin"

// PluginFolder is the folder of the plugin's program.
func (o *Overlay) PluginFolder() string { return filepath.Join(o.folder, "bin") }

func (o *Overlay) build(ctx context.Context) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(o.PluginFolder(), PluginType),
		"github.com/cf-helm-broker/cf-helm-broker/test/silk/plugin")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the plugin: %w\n%s", err, said)
	}
	return nil
}

// connect joins the nodes by a bridge, in a namespace of its own.
func (o *Overlay) connect() error {
	o.wire = Namespace(o.owner + ".wire")
	if err := o.wire.Make(); err != nil {
		return err
	}
	if err := o.wire.ip("link add wire type bridge", "link set wire up"); err != nil {
		return err
	}
	for i, name := range o.options.Nodes {
		n, err := newNode(o, name, i+1)
		if err != nil {
			return fmt.Errorf("node %s: %w", name, err)
		}
		o.nodes[name] = n
	}
	for _, n := range o.nodes {
		if err := n.join(); err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
		if o.options.Plain {
			continue
		}
		if err := n.startAgent(); err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
	}
	return nil
}

// Node is the node of that name.
func (o *Overlay) Node(name string) *Node { return o.nodes[name] }

// Close ends the policy agents and removes everything.
func (o *Overlay) Close() error {
	var errs []error
	for _, n := range o.nodes {
		n.stopAgent()
	}
	left, err := filepath.Glob(filepath.Join(namespaces, o.owner+".*"))
	errs = append(errs, err)
	for _, path := range left {
		errs = append(errs, Namespace(filepath.Base(path)).Remove())
	}
	if o.folder != "" {
		errs = append(errs, os.RemoveAll(o.folder))
	}
	return errors.Join(errs...)
}
