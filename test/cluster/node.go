package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	maxNodes     = 200 // the nodes' own addresses are in one /24
	leaseSeconds = 40  // as long as a kubelet's lease on its node

	kubeletLabel = "cf-helm-broker.test/kubelet" // on a node: kwok plays its kubelet
	kubeletRuns  = "running"
)

// NodeName is the name of the i-th node, counted from 0.
func NodeName(i int) string { return fmt.Sprintf("worker-%d", i) }

// newNode describes a node as its kubelet would when it registers: much room, an address, and not Ready yet.
func newNode(i int, version string) *corev1.Node {
	name := NodeName(i)
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("1000"),
		corev1.ResourceMemory:           resource.MustParse("4Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("4Ti"),
		corev1.ResourcePods:             resource.MustParse("10000"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				corev1.LabelHostname:   name,
				corev1.LabelOSStable:   "linux",
				corev1.LabelArchStable: "amd64",
				kubeletLabel:           kubeletRuns,
			},
		},
		Status: corev1.NodeStatus{
			Capacity:    room,
			Allocatable: room,
			Addresses: []corev1.NodeAddress{
				// From TEST-NET-1: documentation's own network, nothing answers there.
				{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("192.0.2.%d", i+1)},
				{Type: corev1.NodeHostName, Address: name},
			},
			NodeInfo: corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: version},
		},
	}
}

func nodeReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// StopNode takes a node away as if it had lost its power: its heartbeat stops, it and its pods are no longer Ready, no pod is
// started or ended on it, and a pod deleted there stays Terminating. What kube-controller-manager would say only after
// its grace period is said at once. It returns when the scheduler avoids the node.
func (c *Cluster) StopNode(ctx context.Context, name string) error {
	if err := c.setKubelet(ctx, name, nil); err != nil {
		return fmt.Errorf("stopping node %s: %w", name, err)
	}
	if err := c.setNodeUnknown(ctx, name); err != nil {
		return fmt.Errorf("stopping node %s: %w", name, err)
	}
	err := c.await(ctx, "the scheduler to be kept off "+name, func(ctx context.Context) (bool, error) {
		node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		return err == nil && len(node.Spec.Taints) > 0, err
	})
	if err != nil {
		return fmt.Errorf("stopping node %s: %w", name, err)
	}
	if err := c.orphanPods(ctx, name); err != nil {
		return fmt.Errorf("stopping node %s: %w", name, err)
	}
	return nil
}

// StartNode brings a stopped node back. It returns when the node is Ready and takes pods; its pods become Ready within
// a moment.
func (c *Cluster) StartNode(ctx context.Context, name string) error {
	running := kubeletRuns
	if err := c.setKubelet(ctx, name, &running); err != nil {
		return fmt.Errorf("starting node %s: %w", name, err)
	}
	err := c.await(ctx, name+" to be ready", func(ctx context.Context) (bool, error) {
		node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		return err == nil && nodeReady(node) && len(node.Spec.Taints) == 0, err
	})
	if err != nil {
		return fmt.Errorf("starting node %s: %w", name, err)
	}
	if err := c.adoptPods(ctx, name); err != nil {
		return fmt.Errorf("starting node %s: %w", name, err)
	}
	return nil
}

// setKubelet sets or (nil) removes the label by which kwok knows its nodes.
func (c *Cluster) setKubelet(ctx context.Context, name string, value *string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{kubeletLabel: value}}})
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// setNodeUnknown says what kube-controller-manager says about a node that it has not heard of for long.
func (c *Cluster) setNodeUnknown(ctx context.Context, name string) error {
	var conditions []corev1.NodeCondition
	for _, kind := range []corev1.NodeConditionType{
		corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure,
	} {
		conditions = append(conditions, corev1.NodeCondition{
			Type:               kind,
			Status:             corev1.ConditionUnknown,
			Reason:             "NodeStatusUnknown",
			Message:            "Kubelet stopped posting node status.",
			LastTransitionTime: metav1.NewTime(time.Now()),
		})
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": conditions}})
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
