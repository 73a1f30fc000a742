package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// reason is why the pod isn't ready, in Kubernetes' own words, which are all
// that an operator wants to see of it: the innermost that are there.
func reason(p *corev1.Pod, ready corev1.PodCondition) string {
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if why := stuck(s); why != "" {
			return fmt.Sprintf("container %s: %s", s.Name, why)
		}
	}
	if scheduled := condition(p, corev1.PodScheduled); scheduled.Status == corev1.ConditionFalse {
		return words(scheduled.Reason, scheduled.Message)
	}
	return cmp.Or(words(p.Status.Reason, p.Status.Message), words(ready.Reason, ready.Message))
}

func stuck(s corev1.ContainerStatus) string {
	if w := s.State.Waiting; w != nil {
		why := words(w.Reason, w.Message)
		if last := s.LastTerminationState.Terminated; last != nil {
			why += fmt.Sprintf(" (restarted %d times; exited with code %d)", s.RestartCount, last.ExitCode)
		}
		return why
	}
	if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
		return words(t.Reason, fmt.Sprintf("exited with code %d", t.ExitCode))
	}
	return ""
}

func words(reason, message string) string {
	return strings.TrimPrefix(strings.TrimSuffix(reason+": "+message, ": "), ": ")
}

func condition(p *corev1.Pod, kind corev1.PodConditionType) corev1.PodCondition {
	for _, c := range p.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return corev1.PodCondition{}
}
