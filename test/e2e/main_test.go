package e2e

import (
	"context"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// What all tests share. Each test has a broker, a records namespace and a
// Cloud Foundry of its own.
var (
	shared *cluster.Cluster
	kube   kubernetes.Interface
	binary string
	// removedAtEnd are folders that a test has made for others too.
	removedAtEnd []string
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "cf-helm-broker-e2e-")
	if err != nil {
		panic(err)
	}
	status := cluster.Share(m, cluster.Options{}, func(c *cluster.Cluster) (err error) {
		shared = c
		if kube, err = kubernetes.NewForConfig(c.RESTConfig()); err != nil {
			return err
		}
		binary, err = rig.Build(context.Background(), folder, rig.Racy)
		return err
	})
	for _, made := range append(removedAtEnd, folder) {
		_ = os.RemoveAll(made)
	}
	os.Exit(status)
}

func makeNamespace(t *testing.T, name string) {
	t.Helper()
	_, err := kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = kube.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{})
	})
}
