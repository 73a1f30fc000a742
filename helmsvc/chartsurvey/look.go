package chartsurvey

import (
	"context"
	"encoding/json"
	"runtime"
	"syscall"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// HandleName is what a Survey asks its workers for.
const HandleName = "survey"

// task is one chart. Options are for whoever opens the checker.
type task struct {
	Path    string          `json:"path"`
	Options json.RawMessage `json:"options"`
}

// sight is what a process has seen of one chart.
type sight struct {
	Chart chartcheck.Chart `json:"chart"`
	// Error is why it couldn't be looked at.
	Error string `json:"error,omitempty"`
	// Rendering and Checking are the peaks of memory, in bytes: of the processes that
	// render, and of the one that checks.
	Rendering int64 `json:"rendering"`
	Checking  int64 `json:"checking"`
}

// Handle checks charts, with a checker that open makes. Its processes have to end with
// each piece of work, or what they have used can't be told.
func Handle(open func(options json.RawMessage) (chartcheck.Checker, error)) sandbox.Handle {
	return func(text json.RawMessage, _ sandbox.Question) any {
		var t task
		if err := json.Unmarshal(text, &t); err != nil {
			return sight{Error: err.Error()}
		}
		checker, err := open(t.Options)
		if err != nil {
			return sight{Error: err.Error()}
		}
		report, err := checker.Check(context.Background(), t.Path)
		if err != nil {
			return sight{Error: err.Error()}
		}
		return sight{Chart: report.Charts[0], Rendering: peak(syscall.RUSAGE_CHILDREN), Checking: peak(syscall.RUSAGE_SELF)}
	}
}

// peak is the most memory, in bytes, that this process or one of its children has had.
func peak(of int) int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(of, &usage) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss << 10 // Linux and the BSDs count kilobytes
}
