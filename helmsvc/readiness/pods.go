package readiness

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// IsReady tells whether traffic may be sent to the pod.
func IsReady(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.PodIP == "" {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Serves tells whether the pod is meant to run on: not a Job's, not one that
// has ended or is being deleted.
func Serves(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	if owner != nil && owner.Kind == "Job" || pod.DeletionTimestamp != nil {
		return false
	}
	return pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

// PodReason says in one phrase why the pod isn't ready, in Kubernetes' own
// words and with the pod's name; "" if it is ready or Kubernetes doesn't say.
func PodReason(pod *corev1.Pod) string { return complaintOf(pod).String() }

func unscheduled(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return "can't be scheduled: " + manifest.Shorten(c.Message)
		}
	}
	return ""
}

// evicted says why a pod was ended from outside: its node was short of
// something, or its own deadline had passed.
func evicted(pod *corev1.Pod) string {
	if pod.Status.Phase != corev1.PodFailed || pod.Status.Reason == "" {
		return ""
	}
	return fmt.Sprintf("it was ended (%s): %s", pod.Status.Reason, manifest.Shorten(pod.Status.Message))
}

func unready(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && c.Message != "" {
			return "not ready: " + manifest.Shorten(c.Message)
		}
	}
	return ""
}
