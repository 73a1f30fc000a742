package worker

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// KeepOffOthers has the scheduler put pods on workers of the overlay only, and not on
// the cluster's simulated nodes.
func KeepOffOthers(ctx context.Context, kube kubernetes.Interface) error {
	others, err := kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "!" + pods.WorkerLabel})
	if err != nil {
		return fmt.Errorf("listing nodes: %w", err)
	}
	for _, node := range others.Items {
		cordon := []byte(`{"spec":{"unschedulable":true}}`)
		if _, err := kube.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, cordon, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("keeping pods off node %s: %w", node.Name, err)
		}
	}
	return nil
}
