package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

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
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "cf-helm-broker-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if binary, err = rig.Build(ctx, folder, true); err != nil {
		return 1, err
	}
	// Building the control plane takes minutes on a fresh machine; starting it
	// must not.
	if _, err = cluster.Build(ctx, os.Stderr); err != nil {
		return 1, err
	}
	starting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if shared, err = cluster.Start(starting, cluster.Options{Log: os.Stderr}); err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := shared.Stop(); stopErr != nil {
			code, err = 1, stopErr
		}
	}()
	if kube, err = kubernetes.NewForConfig(shared.RESTConfig()); err != nil {
		return 1, err
	}
	return m.Run(), nil
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
