package check

import (
	"context"
	"fmt"
	"time"
)

// State is what was found of one thing.
type State string

// The states.
const (
	OK State = "ok"
	// Warning is of what works, and not for all.
	Warning State = "warning"
	// Failed is of what keeps the broker from working.
	Failed State = "failed"
	// Unknown is of what couldn't be looked at. It isn't taken for fine.
	Unknown State = "unknown"
)

// Finding is one line of the answer.
type Finding struct {
	Subject string `json:"subject"`
	State   State  `json:"state"`
	// Found says what is so, and Cure what to do about it; empty where nothing has to be.
	Found string `json:"found"`
	Cure  string `json:"cure,omitempty"`
}

// Look finds out about one subject.
type Look struct {
	Subject string
	Find    func(ctx context.Context) []Finding
}

// lookLimit ends each look at what doesn't answer.
const lookLimit = 30 * time.Second

// All takes the looks, one after the other, and tells each finding as it comes.
func All(ctx context.Context, looks []Look, tell func(Finding)) {
	for _, l := range looks {
		for _, f := range l.take(ctx) {
			f.Subject = l.Subject
			tell(f)
		}
	}
}

func (l Look) take(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return l.Find(ctx)
}

func ok(format string, arguments ...any) Finding {
	return Finding{State: OK, Found: fmt.Sprintf(format, arguments...)}
}

func (f Finding) cure(format string, arguments ...any) Finding {
	f.Cure = fmt.Sprintf(format, arguments...)
	return f
}

func warning(format string, arguments ...any) Finding {
	return Finding{State: Warning, Found: fmt.Sprintf(format, arguments...)}
}

func failed(format string, arguments ...any) Finding {
	return Finding{State: Failed, Found: fmt.Sprintf(format, arguments...)}
}

func unknown(format string, arguments ...any) Finding {
	return Finding{State: Unknown, Found: fmt.Sprintf(format, arguments...)}
}

func one(f Finding) []Finding { return []Finding{f} }
