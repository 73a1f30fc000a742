package helmsvc

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// isReady tells whether traffic may be sent to the pod.
func isReady(pod *corev1.Pod) bool {
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

// serves tells whether the pod is meant to run on: not a Job's, not one that
// has ended or is being deleted.
func serves(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	if owner != nil && owner.Kind == "Job" || pod.DeletionTimestamp != nil {
		return false
	}
	return pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

// podReason says in one phrase why the pod isn't ready, in Kubernetes' own
// words and with the pod's name; "" if it is ready or Kubernetes doesn't say.
func podReason(pod *corev1.Pod) string {
	if isReady(pod) || pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	why := unscheduled(pod)
	if why == "" {
		why = stuckContainer(pod)
	}
	if why == "" {
		why = unready(pod)
	}
	if why == "" {
		return ""
	}
	return fmt.Sprintf("pod %s: %s", pod.Name, why)
}

func unscheduled(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return "can't be scheduled: " + shorten(c.Message)
		}
	}
	return ""
}

func stuckContainer(pod *corev1.Pod) string {
	statuses := append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
	for _, s := range statuses {
		if s.Ready {
			continue
		}
		if why := waiting(s); why != "" {
			return fmt.Sprintf("container %s %s", s.Name, why)
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s %s", s.Name, exit(t))
		}
	}
	return ""
}

func waiting(s corev1.ContainerStatus) string {
	w := s.State.Waiting
	if w == nil {
		return ""
	}
	switch w.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return ""
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName":
		return fmt.Sprintf("can't pull its image %s (%s): %s", s.Image, w.Reason, shorten(w.Message))
	case "CrashLoopBackOff":
		if last := s.LastTerminationState.Terminated; last != nil {
			return fmt.Sprintf("keeps crashing (%d restarts): it %s", s.RestartCount, exit(last))
		}
	}
	return fmt.Sprintf("is waiting (%s): %s", w.Reason, shorten(w.Message))
}

func exit(t *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("exited with code %d", t.ExitCode)
	if t.Message != "" {
		text += ": " + shorten(t.Message)
	}
	return text
}

func unready(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && c.Message != "" {
			return "not ready: " + shorten(c.Message)
		}
	}
	return ""
}

// shorten makes Kubernetes' words fit into one line of a description.
func shorten(text string) string {
	const limit = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
