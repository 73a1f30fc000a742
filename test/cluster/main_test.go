package cluster_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

// podCIDR isn't the default, so that the tests see whether the option is heard.
const podCIDR = "10.99.0.0/16"

// shared is the cluster that most tests use, each in a namespace of its own.
var shared *cluster.Cluster

func TestMain(m *testing.M) {
	if dir := os.Getenv(orphanEnv); dir != "" {
		runUntilKilled(dir)
	}
	os.Exit(cluster.Share(m, cluster.Options{PodCIDR: podCIDR}, func(c *cluster.Cluster) error {
		shared = c
		return nil
	}))
}

func clientOf(t *testing.T, c *cluster.Cluster) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// eventually fails the test when the answer hasn't become yes within 30 s.
func eventually(t *testing.T, what string, ask func(context.Context) (bool, error)) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		var yes bool
		yes, last = ask(ctx)
		return yes, nil
	})
	if err != nil {
		t.Fatalf("%s: %v, last answer: %v", what, err, last)
	}
}

// newNamespace makes a namespace and waits until it takes pods.
func newNamespace(t *testing.T, client kubernetes.Interface, labels map[string]string) string {
	t.Helper()
	ns, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: labels},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "default ServiceAccount", func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().ServiceAccounts(ns.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, err
	})
	return ns.Name
}

// newPod makes a pod with one container for each image; node may be empty.
func newPod(t *testing.T, client kubernetes.Interface, namespace, name, node string, images ...string) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{NodeName: node}}
	for i, image := range images {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: fmt.Sprintf("c%d", i), Image: image})
	}
	if _, err := client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// awaitPod waits until a pod is as the test wants it and returns it.
func awaitPod(t *testing.T, client kubernetes.Interface, namespace, name string, want func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, "pod "+name, func(ctx context.Context) (bool, error) {
		var err error
		if pod, err = client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
			return false, err
		}
		return want(pod), fmt.Errorf("status %+v", pod.Status)
	})
	return pod
}

func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func notReady(pod *corev1.Pod) bool { return !ready(pod) }
