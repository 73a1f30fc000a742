package helmsvc

import "fmt"

// Progress is how far a release's pods are.
type Progress struct {
	Ready int
	// Total is the number of pods that the workloads ask for.
	Total int
	// Reason says why the first pod that isn't ready isn't, if Kubernetes
	// says so, and names it.
	Reason string
	// Hook: what is being waited for is one of the chart's hooks.
	Hook bool
}

func (p Progress) String() string {
	text := "waiting for its objects to become ready"
	switch {
	case p.Hook:
		text = "waiting for a hook of the chart"
	case p.Total > 0:
		text = fmt.Sprintf("%d of %d pods ready", p.Ready, p.Total)
	}
	if p.Reason != "" {
		text += "; " + p.Reason
	}
	return text
}

// NotReadyError says that a release was installed and did not become ready.
type NotReadyError struct {
	Progress Progress
	// Because is "in time", or what makes it impossible.
	Because string
}

func (e *NotReadyError) Error() string {
	what := "not ready"
	if e.Progress.Hook {
		what = "a hook did not end"
	}
	return fmt.Sprintf("%s %s: %s", what, e.Because, e.Progress)
}
