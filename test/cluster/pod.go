package cluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
)

// RestartPod gives a running pod a new sandbox, as a kubelet does when the old one died: the pod keeps its name and UID,
// its containers start once more, and its address changes. It returns the new address when the pod has it.
func (c *Cluster) RestartPod(ctx context.Context, namespace, name string) (address string, err error) {
	pods := c.client.CoreV1().Pods(namespace)
	var before string
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if pod.Status.PodIP == "" || pod.Spec.HostNetwork {
			return errors.New("it has no address of its own to change")
		}
		before = pod.Status.PodIP
		loseSandbox(&pod.Status)
		_, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("restarting pod %s/%s: %w", namespace, name, err)
	}
	err = c.await(ctx, "an address", func(ctx context.Context) (bool, error) {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		address = pod.Status.PodIP
		return address != "" && address != before, nil
	})
	if err != nil {
		return "", fmt.Errorf("restarting pod %s/%s: %w", namespace, name, err)
	}
	return address, nil
}

func loseSandbox(status *corev1.PodStatus) {
	status.PodIP, status.PodIPs = "", nil
	for i := range status.ContainerStatuses {
		status.ContainerStatuses[i].Ready = false
		status.ContainerStatuses[i].RestartCount++
	}
	for i, condition := range status.Conditions {
		if condition.Type == corev1.PodReady || condition.Type == corev1.ContainersReady {
			status.Conditions[i].Status = corev1.ConditionFalse
			status.Conditions[i].LastTransitionTime = metav1.Now()
		}
	}
}

// nodeStoppedAnnotation is on the pods of a stopped node. No stage of stages/pod.yaml plays for them.
const nodeStoppedAnnotation = "cf-helm-broker.test/node-stopped"

// orphanPods marks a stopped node's pods, first for kwok and then, as kube-controller-manager does, as not Ready.
func (c *Cluster) orphanPods(ctx context.Context, node string) error {
	return c.eachPod(ctx, node, func(pod *corev1.Pod) error {
		pods := c.client.CoreV1().Pods(pod.Namespace)
		mark := fmt.Sprintf(`{"metadata":{"annotations":{%q:"true"}}}`, nodeStoppedAnnotation)
		if _, err := pods.Patch(ctx, pod.Name, types.MergePatchType, []byte(mark), metav1.PatchOptions{}); err != nil {
			return err
		}
		if pod.Status.Phase != corev1.PodRunning {
			return nil
		}
		now := metav1.Now().UTC().Format("2006-01-02T15:04:05Z")
		unready := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":"False","lastTransitionTime":%q}]}}`, now)
		_, err := pods.Patch(ctx, pod.Name, types.StrategicMergePatchType, []byte(unready), metav1.PatchOptions{}, "status")
		return err
	})
}

// adoptPods hands a started node's pods back to kwok.
func (c *Cluster) adoptPods(ctx context.Context, node string) error {
	unmark := fmt.Sprintf(`{"metadata":{"annotations":{%q:null}}}`, nodeStoppedAnnotation)
	return c.eachPod(ctx, node, func(pod *corev1.Pod) error {
		_, err := c.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, []byte(unmark), metav1.PatchOptions{})
		return err
	})
}

// eachPod calls do for the pods on a node; a pod that has gone meanwhile is no error.
func (c *Cluster) eachPod(ctx context.Context, node string, do func(*corev1.Pod) error) error {
	pods, err := c.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String(),
	})
	if err != nil {
		return fmt.Errorf("listing the pods on %s: %w", node, err)
	}
	for _, pod := range pods.Items {
		if err := do(&pod); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("changing pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	return nil
}
