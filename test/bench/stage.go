package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const startLimit = 2 * time.Minute // of the cluster or a broker, once built

// stage is what the steps share.
type stage struct {
	out     progress
	root    string // the folder of the module
	folder  string // of everything that is written
	charts  string // what brokers offer and the baselines install
	binary  string
	cluster *cluster.Cluster
	kube    kubernetes.Interface // without a limit on requests
	plain   *plain

	worlds []*world
	small  *world // with few instances; nil until needed
	crowd  *crowd // with 2,000; nil until needed
}

// openStage builds and starts what the steps need. After an error nothing is
// left.
func openStage(ctx context.Context, chosen []step, out progress) (_ *stage, err error) {
	s := &stage{out: out}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.root, err = rig.Root(); err != nil {
		return nil, err
	}
	s.charts = filepath.Join(s.root, "test", "bench", "chart")
	if s.folder, err = os.MkdirTemp("", "cf-helm-broker-bench-*"); err != nil {
		return nil, fmt.Errorf("making a folder for the broker: %w", err)
	}
	if !slices.ContainsFunc(chosen, func(s step) bool { return s.name != "go" }) {
		return s, nil
	}
	return s, s.start(ctx)
}

func (s *stage) start(ctx context.Context) (err error) {
	if _, err := cluster.Build(ctx, s.out); err != nil {
		return err
	}
	if s.binary = os.Getenv("BENCH_BROKER"); s.binary == "" {
		s.out.line("building the broker ...")
		if s.binary, err = rig.Build(ctx, s.folder, rig.Shipped); err != nil {
			return err
		}
	}
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if s.cluster, err = cluster.Start(starting, cluster.Options{Log: s.out}); err != nil {
		return err
	}
	if s.kube, err = kubernetes.NewForConfig(s.cluster.RESTConfig()); err != nil {
		return fmt.Errorf("making a client for the cluster: %w", err)
	}
	// The SDK keeps what it discovers in files.
	if err := os.Setenv("KUBECACHEDIR", filepath.Join(s.folder, "kube-cache")); err != nil {
		return err
	}
	s.plain, err = newPlain(s.kube, s.charts)
	return err
}

// close stops what was started and removes all files. The cluster takes its
// namespaces with it.
func (s *stage) close() error {
	var failures []error
	for _, w := range s.worlds {
		failures = append(failures, w.close())
	}
	if s.cluster != nil {
		failures = append(failures, s.cluster.Stop())
	}
	if s.folder != "" {
		failures = append(failures, os.RemoveAll(s.folder))
	}
	return errors.Join(failures...)
}
