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

	"github.com/cf-helm-broker/cf-helm-broker/cni/agent"
	"github.com/cf-helm-broker/cf-helm-broker/cni/identity"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodepods"
	"github.com/cf-helm-broker/cf-helm-broker/cni/pollnow"
	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
)

func agentCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readAgentSettings(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = runAgent(ctx, s, stdout)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "c2c-cni agent: %v\n", err)
		return 1
	}
	return 0
}

func runAgent(ctx context.Context, s agentSettings, out io.Writer) error {
	log := newLogger(s.LogLevel, out)
	config, err := restConfig(s.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client for Kubernetes: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	defer parts.Wait()

	var poller *pollnow.Poller
	pods, err := nodepods.New(client, s.Node, func(namespace string) {
		if poller != nil {
			log.Info("access-changed", lager.Data{"namespace": namespace})
			poller.Wish()
		}
	})
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := agent.NewMetrics(registry, pods.Count)
	if s.PollURL != "" {
		poller = pollnow.New(s.PollURL, metrics.Polled, log)
		parts.Go(func() { poller.Run(ctx) })
	}
	parts.Go(func() { pods.Run(ctx) })
	answering := agent.New(&identity.Reader{Client: client, Node: s.Node, Pods: pods}, nil, metrics, log)

	listener, err := socket.Listen(s.Socket)
	if err != nil {
		cancel(err)
		return err
	}
	parts.Go(func() {
		if err := socket.Serve(ctx, listener, answering); err != nil {
			cancel(err)
		}
	})
	if s.Listen != "" {
		parts.Go(func() {
			if err := serveHealth(ctx, s.Listen, registry, answering, pods.Synced); err != nil {
				cancel(err)
			}
		})
	}
	log.Info("listening", lager.Data{"socket": s.Socket, "health": s.Listen, "node": s.Node})
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
