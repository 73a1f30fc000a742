package faults

import (
	"context"
	"os"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

var (
	shared *cluster.Cluster // of the tests that leave the API server alone
	binary string
	long   = os.Getenv("FAULTS") == "long"
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "cf-helm-broker-faults-")
	if err != nil {
		panic(err)
	}
	status := cluster.Share(m, cluster.Options{}, func(c *cluster.Cluster) (err error) {
		shared = c
		binary, err = rig.Build(context.Background(), folder, rig.Racy)
		return err
	})
	_ = os.RemoveAll(folder)
	os.Exit(status)
}
