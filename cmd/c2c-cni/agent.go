package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"sync"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/identity"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodeevent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodelease"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodenetworks"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodepods"
	"github.com/cf-helm-broker/cf-helm-broker/cni/plugin"
	"github.com/cf-helm-broker/cf-helm-broker/cni/pollnow"
	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/logging"
)

func agentCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readSettings("agent", args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil && s.uninstall {
		err = uninstall(ctx, s, stdout)
	} else if err == nil {
		err = runAgent(ctx, s, logging.New("c2c-cni", s.LogLevel, stdout))
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "c2c-cni agent: %v\n", err)
		return 1
	}
	return 0
}

// parts are what runs side by side. The first that fails ends all.
type parts struct {
	sync.WaitGroup
	ctx  context.Context
	fail context.CancelCauseFunc
}

func (p *parts) run(part func(context.Context) error) {
	p.Go(func() {
		if err := part(p.ctx); err != nil {
			p.fail(err)
		}
	})
}

// errNoNode is of an agent that doesn't know whose pods it answers for.
var errNoNode = errors.New("the node's name is needed: --node or NODE_NAME")

func runAgent(ctx context.Context, s settings, log lager.Logger) error {
	if s.Node == "" {
		return errNoNode
	}
	config, err := restConfig(s.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client for Kubernetes: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	wishes := &wishes{log: log}
	pods, err := nodepods.New(client, s.Node, wishes.wish)
	if err != nil {
		return err
	}
	metrics := agent.NewMetrics(registry, pods.Count)
	events, err := nodeevent.New(config, s.Node, plugin.Name)
	if err != nil {
		return err
	}
	warner := func(reason string) *agent.Teller {
		return agent.NewTeller(func(ctx context.Context, problem string) error { return events.Warn(ctx, reason, problem) }, log)
	}
	unsafe, uninstalled, left := warner("OverlayUnsafe"), warner("OverlayNotInstalled"), warner("OverlayLeft")
	networks, err := nodenetworks.New(config, s.Node, s.interval, log)
	if err != nil {
		return err
	}
	s.nodeNetworks = networks.Networks
	var keeper *agent.Keeper // nil: nobody looks at the node
	if s.Guard != guardOff {
		keeper = agent.NewKeeper(s.problems, unsafe, s.interval, metrics, log)
	}
	var guarding *agent.Keeper
	if s.Guard == guardRefuses {
		guarding = keeper
	}
	answering := agent.New(&identity.Reader{Client: client, Node: s.Node, Pods: pods}, guarding, metrics, log)
	listener, err := socket.Listen(s.Socket)
	if err != nil {
		return err
	}

	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	named, err := newNames(ctx, s, config, registry, log)
	if err != nil {
		return err
	}
	running := &parts{ctx: ctx, fail: fail}
	if named != nil {
		defer named.Close()
	}
	if err := wishes.heed(s, config, metrics); err != nil {
		return err
	}
	running.Go(func() { wishes.run(ctx, pods) })
	if keeper != nil {
		running.Go(func() { unsafe.Run(ctx) })
		running.Go(func() { networks.Run(ctx) })
		running.Go(func() { keeper.Run(ctx) })
	}
	running.Go(func() { pods.Run(ctx) })
	running.Go(func() { left.Run(ctx) })
	running.Go(func() { tellLeft(ctx, s, left, log) })
	installing := newInstaller(s, answering, uninstalled, log)
	if installing != nil {
		running.Go(func() { uninstalled.Run(ctx) })
		running.run(installing.run)
	}
	running.run(func(ctx context.Context) error { return socket.Serve(ctx, listener, answering) })
	if s.Listen != "" {
		running.run(func(ctx context.Context) error {
			return serveHealth(ctx, s.Listen, registry, healthOf(answering, pods, installing, named))
		})
	}
	log.Info("listening", lager.Data{"socket": s.Socket, "health": s.Listen, "node": s.Node, "guard": s.Guard})
	<-ctx.Done()
	cause := context.Cause(ctx)
	running.Wait()
	if !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// wishes leads what the watch sees to the poller, and what was polled to the node's
// Lease; to nobody where polls aren't asked for.
type wishes struct {
	poller *pollnow.Poller // set before the watch runs, as is lease; nil: polls aren't asked for
	lease  *nodelease.Lease
	log    lager.Logger
}

// heed has wishes be heeded.
func (w *wishes) heed(s settings, config *rest.Config, metrics *agent.Metrics) (err error) {
	if w.lease, err = nodelease.New(config, s.Node, metrics.Acknowledged, w.log); err != nil || s.PollURL == "" {
		return err
	}
	w.poller = pollnow.New(s.PollURL, func() func(error) {
		end := w.lease.Begin()
		return func(err error) {
			metrics.Polled(err)
			end(err)
		}
	}, w.log)
	return nil
}

func (w *wishes) wish(namespace, revision string) {
	if w.poller != nil {
		w.log.Info("access-changed", lager.Data{"namespace": namespace})
		w.lease.See(revision)
		w.poller.Wish()
	}
}

// run heeds wishes until ctx ends, after one of its own for the marks that nobody has
// seen: from then on the node has a Lease. Where polls aren't asked for it has none, nor
// that of an agent before.
func (w *wishes) run(ctx context.Context, pods *nodepods.Watch) {
	if w.poller == nil {
		w.lease.Withdraw(ctx)
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { w.poller.Run(ctx) })
	running.Go(func() { w.lease.Run(ctx) })
	for _, revision := range pods.AwaitSynced(ctx) {
		w.lease.See(revision)
	}
	w.poller.Wish()
}
