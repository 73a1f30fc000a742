package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	brokerNamespace = "cf-helm-broker"
	namespacePrefix = "cf-helm"
	startLimit      = 2 * time.Minute // of the cluster and the broker, once built
	stopLimit       = 15 * time.Second
)

// stage is everything that runs: what isn't started yet is nil.
type stage struct {
	root    string // the folder of the module
	folder  string // of the broker's binary and its log
	cluster *cluster.Cluster
	kube    kubernetes.Interface
	cf      *cf.Server
	// Two apps that services can be bound to.
	web, jobs cf.App
	discovery *discovery.Server
	log       *os.File // the broker's
	broker    *rig.Broker
	wire      *wire // what packets go over; nil: nobody sends any
}

// openStage builds and starts everything. After an error nothing is left.
func openStage(ctx context.Context, out printer) (_ *stage, err error) {
	s := &stage{}
	defer func() {
		if err != nil {
			err = errors.Join(unlessInterrupted(ctx, err), s.close())
		}
	}()
	if s.root, err = rig.Root(); err != nil {
		return nil, err
	}
	port, err := brokerPort()
	if err != nil {
		return nil, err
	}
	if _, err := cluster.Build(ctx, out); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "cf-helm-broker-local-*"); err != nil {
		return nil, fmt.Errorf("making a folder for the broker: %w", err)
	}
	out.line("building the broker ...")
	binary, err := rig.Build(ctx, s.folder, rig.Plain)
	if err != nil {
		return nil, err
	}
	plugin, err := s.buildPlugin(ctx, out)
	if err != nil {
		return nil, err
	}
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := s.startCluster(starting, out); err != nil {
		return nil, err
	}
	if err := s.startCF(); err != nil {
		return nil, err
	}
	if wantsPackets() {
		out.line("starting the overlay: a cell and a worker, in network namespaces ...")
		if s.wire, err = s.openWire(starting, plugin); err != nil {
			return nil, err
		}
	}
	out.line("starting the broker ...")
	return s, s.startBroker(starting, binary, port)
}

// buildPlugin builds c2c-cni where packets are sent, and returns its file.
func (s *stage) buildPlugin(ctx context.Context, out printer) (string, error) {
	if !wantsPackets() {
		return "", nil
	}
	out.line("building the workers' plugin ...")
	return rig.BuildProgram(ctx, s.folder, rig.Plain, "c2c-cni")
}

func (s *stage) startCluster(ctx context.Context, out printer) (err error) {
	out.line("starting the cluster ...")
	if s.cluster, err = cluster.Start(ctx, cluster.Options{Log: out}); err != nil {
		return err
	}
	if s.kube, err = kubernetes.NewForConfig(s.cluster.RESTConfig()); err != nil {
		return fmt.Errorf("making a client for the cluster: %w", err)
	}
	account, err := rig.Account{Namespace: brokerNamespace, Prefix: namespacePrefix}.Make(ctx, s.cluster.RESTConfig())
	if err != nil {
		return fmt.Errorf("making the broker's account: %w", err)
	}
	return account.Kubeconfig(s.brokerKubeconfig())
}

// brokerKubeconfig is the broker's own, with the rights of deploy/kubernetes.
func (s *stage) brokerKubeconfig() string { return filepath.Join(s.folder, "broker.kubeconfig") }

func (s *stage) startCF() (err error) {
	if s.cf, err = cf.Start(cf.Options{}); err != nil {
		return err
	}
	s.web, s.jobs = s.cf.AddApp(cf.App{Name: "web"}), s.cf.AddApp(cf.App{Name: "jobs"})
	s.discovery, err = discovery.Start(discovery.Options{Domains: []string{"apps.internal", "cluster.local"}})
	return err
}

func (s *stage) startBroker(ctx context.Context, binary, port string) (err error) {
	if s.log, err = os.Create(filepath.Join(s.folder, "broker.log")); err != nil {
		return fmt.Errorf("making the broker's log: %w", err)
	}
	charts, err := s.offerCharts()
	if err != nil {
		return err
	}
	settings := map[string]string{
		"PORT":             port,
		"KUBECONFIG":       s.brokerKubeconfig(),
		"HELM_CHART_DIR":   charts,
		"BROKER_NAMESPACE": brokerNamespace,
		"NAMESPACE_PREFIX": namespacePrefix,
		"CF_API_ADDRESS":   s.cf.URL(),
		"CF_CLIENT_ID":     s.cf.Client().ID,
		"CF_CLIENT_SECRET": s.cf.Client().Secret,
		"SHUTDOWN_TIMEOUT": "5s",
	}
	maps.Copy(settings, s.discovery.Settings())
	s.broker, err = rig.Start(ctx, binary, settings, s.log)
	return err
}

// brokerEnded is nil while the broker runs, and afterwards says how it ended.
func (s *stage) brokerEnded() error {
	select {
	case <-s.broker.Done():
	default:
		return nil
	}
	how := "somebody asked it to"
	if err := s.broker.Stop(); err != nil {
		how = err.Error()
	}
	lines := strings.Split(strings.TrimSpace(s.broker.Log()), "\n")
	return fmt.Errorf("the broker has ended (%s); the last lines of its log:\n%s", how, strings.Join(lines[max(0, len(lines)-10):], "\n"))
}

// close stops what was started, last things first, and removes all files.
func (s *stage) close() error {
	var failures []error
	if s.broker != nil && s.brokerEnded() == nil {
		if err := s.broker.StopWithin(stopLimit); err != nil {
			failures = append(failures, fmt.Errorf("the broker ended badly: %w", err))
		}
	}
	if s.discovery != nil {
		failures = append(failures, s.discovery.Close())
	}
	if s.wire != nil {
		failures = append(failures, s.wire.close())
	}
	if s.cf != nil {
		s.cf.Close()
	}
	if s.cluster != nil {
		failures = append(failures, s.cluster.Stop())
	}
	if s.log != nil {
		failures = append(failures, s.log.Close())
	}
	if s.folder != "" {
		failures = append(failures, os.RemoveAll(s.folder))
	}
	return errors.Join(failures...)
}
