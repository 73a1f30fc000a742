package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ready writes the status of a pod that runs, or has done its work.
func (p *pod) ready(ctx context.Context, address netip.Addr) error {
	status := statusOf(p.object, address, p.runner.Node.Address, p.object.Spec.RestartPolicy != corev1.RestartPolicyAlways && !p.runner.runs(p.object))
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": p.object.UID}, "status": status})
	if err != nil {
		return err
	}
	_, err = p.runner.Kube.CoreV1().Pods(p.object.Namespace).Patch(ctx, p.object.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("writing the status of pod %s/%s: %w", p.object.Namespace, p.object.Name, err)
	}
	return nil
}

func statusOf(pod *corev1.Pod, address, host netip.Addr, done bool) corev1.PodStatus {
	now := metav1.Now()
	condition := func(kind corev1.PodConditionType, yes bool) corev1.PodCondition {
		c := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now}
		if !yes {
			c.Status, c.Reason = corev1.ConditionFalse, "PodCompleted"
		}
		return c
	}
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, StartTime: &now,
		HostIP: host.String(), HostIPs: []corev1.HostIP{{IP: host.String()}},
		PodIP: address.String(), PodIPs: []corev1.PodIP{{IP: address.String()}},
		Conditions: []corev1.PodCondition{
			condition(corev1.PodReadyToStartContainers, true), condition(corev1.PodInitialized, true),
			condition(corev1.ContainersReady, !done), condition(corev1.PodReady, !done),
		},
	}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	for _, c := range pod.Spec.InitContainers {
		status.InitContainerStatuses = append(status.InitContainerStatuses, corev1.ContainerStatus{Name: c.Name, Image: c.Image, Ready: true, State: ended})
	}
	if done {
		status.Phase, running = corev1.PodSucceeded, ended
	}
	started := !done
	for _, c := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, Image: c.Image, Ready: started, Started: &started, State: running})
	}
	return status
}

// tell makes an event of the pod, as kubelets do. That it can't is no reason to end.
func (p *pod) tell(ctx context.Context, reason, message string) {
	now := metav1.Now()
	_, _ = p.runner.Kube.CoreV1().Events(p.object.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: p.object.Name + "."},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "Pod", Namespace: p.object.Namespace, Name: p.object.Name, UID: p.object.UID,
		},
		Type: corev1.EventTypeWarning, Reason: reason, Message: message[:min(len(message), 1024)], Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: "kubelet", Host: p.runner.Node.Name},
	}, metav1.CreateOptions{})
}

// remove takes a pod that was ended out of Kubernetes, as soon as that answers.
func (p *pod) remove(ctx context.Context) {
	now := int64(0)
	options := metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &p.object.UID}}
	for ctx.Err() == nil {
		err := p.runner.Kube.CoreV1().Pods(p.object.Namespace).Delete(ctx, p.object.Name, options)
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return
		}
		time.Sleep(retry)
	}
}
