package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// Fill gives a namespace a ResourceQuota of no pods and returns its name, once the API server holds to it: that begins
// when kube-controller-manager has filled in the quota's status.
func Fill(ctx context.Context, client kubernetes.Interface, namespace string) (quota string, err error) {
	none := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: {}}},
	}
	if _, err := client.CoreV1().ResourceQuotas(namespace).Create(ctx, none, metav1.CreateOptions{}); err != nil {
		return "", fmt.Errorf("making a quota of no pods: %w", err)
	}
	probe := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "registry.example.com/none:1"}}},
	}
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Pods(namespace).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if apierrors.IsForbidden(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return "", fmt.Errorf("waiting for the quota of no pods to be enforced: %w", err)
	}
	return none.Name, nil
}
