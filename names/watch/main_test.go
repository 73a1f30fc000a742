package watch_test

import (
	"os"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

var (
	local   *cluster.Cluster
	clients kubernetes.Interface
)

func TestMain(m *testing.M) {
	os.Exit(cluster.Share(m, cluster.Options{Nodes: 2}, func(c *cluster.Cluster) (err error) {
		local = c
		clients, err = kubernetes.NewForConfig(c.RESTConfig())
		return err
	}))
}
