package pods

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// WorkerLabel is on nodes of the overlay: deploy/silk-worker's agents run there.
const WorkerLabel = "cf-helm-broker.io/silk-worker"

// register adds the node, Ready, and waits until the scheduler may use it. Without
// kwok's label nobody plays its kubelet.
func (r *Runner) register(ctx context.Context) error {
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("100"), corev1.ResourceMemory: resource.MustParse("1Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"), corev1.ResourcePods: resource.MustParse("250"),
	}
	now := metav1.Now()
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: r.Node.Name, Labels: map[string]string{
			corev1.LabelHostname: r.Node.Name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64", WorkerLabel: "true",
		}},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: r.Node.Address.String()}, {Type: corev1.NodeHostName, Address: r.Node.Name}},
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: now, LastTransitionTime: now}},
			NodeInfo:   corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64"},
		},
	}
	if _, err := r.Kube.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("registering node %s: %w", r.Node.Name, err)
	}
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		node, err := r.Kube.CoreV1().Nodes().Get(ctx, r.Node.Name, metav1.GetOptions{})
		return err == nil && len(node.Spec.Taints) == 0, err
	})
	if err != nil {
		return fmt.Errorf("waiting for node %s to take pods: %w", r.Node.Name, err)
	}
	return nil
}
