package readiness

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
)

// stuckContainer names the first container that can't run. Init containers
// come first, since they keep the others waiting.
func stuckContainer(pod *corev1.Pod) (string, Cause) {
	for _, s := range containerStatuses(pod) {
		if s.Ready {
			continue
		}
		if why, cause := waiting(s); why != "" {
			return fmt.Sprintf("container %s %s", s.Name, why), cause
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s %s", s.Name, exit(t)), Crash
		}
	}
	return "", ""
}

// restarted names a container that runs again after it has failed: that it
// isn't ready may be for the same reason.
func restarted(pod *corev1.Pod) string {
	for _, s := range containerStatuses(pod) {
		if last := s.LastTerminationState.Terminated; !s.Ready && last != nil && last.ExitCode != 0 {
			return fmt.Sprintf("not ready: container %s was started again (%d restarts) after it %s", s.Name, s.RestartCount, exit(last))
		}
	}
	return ""
}

func containerStatuses(pod *corev1.Pod) []corev1.ContainerStatus {
	return append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
}

func waiting(s corev1.ContainerStatus) (string, Cause) {
	w := s.State.Waiting
	if w == nil {
		return "", ""
	}
	cause := NotReady
	switch w.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return "", ""
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName":
		return fmt.Sprintf("can't pull its image %s (%s): %s", s.Image, w.Reason, manifest.Shorten(w.Message)), Image
	case "CrashLoopBackOff":
		if last := s.LastTerminationState.Terminated; last != nil {
			return fmt.Sprintf("keeps crashing (%d restarts): it %s", s.RestartCount, exit(last)), Crash
		}
		cause = Crash
	}
	return fmt.Sprintf("is waiting (%s): %s", w.Reason, manifest.Shorten(w.Message)), cause
}

// exit says how a container ended: the message is what it wrote to its
// termination log or, where the chart asks for that, the end of its log.
func exit(t *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("exited with code %d", t.ExitCode)
	switch t.Reason {
	case "", "Error", "Completed":
	case "OOMKilled":
		text = fmt.Sprintf("was killed since it needs more memory than its limit allows (OOMKilled, exit code %d)", t.ExitCode)
	default: // ContainerCannotRun, StartError, DeadlineExceeded, …
		text += " (" + t.Reason + ")"
	}
	if said := lastWords(t.Message); said != "" {
		text += ": " + said
	}
	return text
}

// lastWords is as much of a message's end as fits, in whole lines: what ended
// a program stands there.
func lastWords(message string) string {
	const limit = 200
	lines := strings.FieldsFunc(message, func(r rune) bool { return r == '\n' || r == '\r' })
	said := ""
	for i := len(lines) - 1; i >= 0; i-- {
		longer := strings.TrimSpace(manifest.Shorten(lines[i]) + " " + said)
		if said != "" && len(longer) > limit {
			break
		}
		said = longer
	}
	return said
}
