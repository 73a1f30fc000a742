package packets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/worker"
)

// What all tests share.
var (
	shared  *cluster.Cluster
	kube    kubernetes.Interface
	stand   *cf.Server
	overlay *silk.Overlay
	workers = map[string]*worker.Worker{}
	binary  string // the broker's
	program string // c2c-cni's
	account *worker.Account
	// missing is why there can be no overlay.
	missing error
)

var workerNames = []string{"silk-1", "silk-2"}

// brokerImage is the broker's on all nodes.
const brokerImage = "test.local/broker:1"

// kubeletNode is the overlay's for the test with a real kubelet.
const kubeletNode = "silk-kubelet"

func TestMain(m *testing.M) {
	if missing = silk.Missing(); missing != nil {
		os.Exit(m.Run())
	}
	folder, err := os.MkdirTemp("", "cf-helm-broker-packets-")
	if err != nil {
		panic(err)
	}
	status := cluster.Share(run(m.Run), cluster.Options{Nodes: 1}, func(c *cluster.Cluster) error {
		shared = c
		return furnish(folder)
	})
	// After a failure there may be something still.
	if err := errors.Join(tearDown(), os.RemoveAll(folder)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// run runs the tests and takes down what stands on the cluster, while that is there.
type run func() int

func (r run) Run() int {
	status := r()
	if err := tearDown(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

func furnish(folder string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if kube, err = kubernetes.NewForConfig(shared.RESTConfig()); err != nil {
		return err
	}
	if binary, err = rig.Build(ctx, folder, rig.Racy); err != nil {
		return err
	}
	if program, err = rig.BuildProgram(ctx, folder, rig.Plain, "c2c-cni"); err != nil {
		return err
	}
	if err := worker.KeepOffOthers(ctx, kube); err != nil {
		return err
	}
	if stand, err = cf.Start(cf.Options{}); err != nil {
		return err
	}
	if overlay, err = silk.Start(ctx, silk.Options{Nodes: append([]string{"cell", kubeletNode}, workerNames...), PolicyServer: stand.URL()}); err != nil {
		return err
	}
	account, err = worker.MakeAccount(ctx, shared.RESTConfig())
	if err != nil {
		return err
	}
	for _, name := range workerNames {
		workers[name], err = worker.Start(ctx, account, worker.Options{
			Node: overlay.Node(name), Config: shared.RESTConfig(), Program: program, PluginFolder: overlay.PluginFolder(),
			Programs: map[string]string{brokerImage: binary},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func tearDown() error {
	var errs []error
	for name, w := range workers {
		if w != nil {
			errs = append(errs, w.Close())
		}
		delete(workers, name)
	}
	if overlay != nil {
		errs = append(errs, overlay.Close())
	}
	if stand != nil {
		stand.Close()
	}
	overlay, stand = nil, nil
	return errors.Join(errs...)
}
