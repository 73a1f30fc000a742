package readiness

import (
	"cmp"
	"fmt"
	"strings"
)

// Progress is how far a release's pods are.
type Progress struct {
	Ready int
	// Total is the number of pods that the workloads ask for.
	Total int
	// Reason says of the object that tells most why it isn't ready, if
	// Kubernetes says so, and names it.
	Reason string
	// Cause is of what kind that is; "": nothing says so.
	Cause Cause
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

// Cause is of what kind the trouble was. What goes wrong within a hook is the hook's,
// unless the cluster keeps it from being tried.
func (e *NotReadyError) Cause() Cause {
	cause := cmp.Or(e.Progress.Cause, NotReady)
	if e.Progress.Hook && (cause == Crash || cause == NotReady) {
		return Hook
	}
	return cause
}

// inTime is the Because of a wait that has run out of time.
const inTime = "in time"

func (e *NotReadyError) Error() string {
	if e.Progress.Hook {
		return e.hookError()
	}
	return fmt.Sprintf("not ready %s: %s", e.Because, e.Progress)
}

func (e *NotReadyError) hookError() string {
	text := "a hook did not end in time"
	if e.Because != inTime {
		text = "a hook failed: " + strings.TrimPrefix(e.Because, "since ")
	}
	if e.Progress.Reason == "" {
		return text
	}
	return text + ": " + e.Progress.Reason
}
