package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/orphans"
)

// toldOrphans is what `broker orphans --json` prints.
type toldOrphans struct {
	Orphans []toldOrphan `json:"orphans"`
	// Unknown is what couldn't be looked at.
	Unknown []string `json:"unknown,omitempty"`
	// WithoutCF says that there is no Cloud Foundry to ask: what it has isn't compared.
	WithoutCF bool `json:"without_cloud_foundry,omitempty"`
}

type toldOrphan struct {
	orphans.Orphan
	// Mended tells that it isn't there any more, and Unmended why it is.
	Mended   bool   `json:"mended,omitempty"`
	Unmended string `json:"unmended,omitempty"`
}

// mend has the broker undo what it can, waits for it, and looks a third time: what was done
// is what isn't there any more.
func (t *toldOrphans) mend(ctx context.Context, source orphans.Source, a orphansArguments) error {
	var begun []*toldOrphan
	for n := range t.Orphans {
		o := &t.Orphans[n]
		if o.Fix == "" {
			continue
		}
		if err := source.Mend(ctx, o.Orphan); err != nil {
			o.Unmended = err.Error()
			continue
		}
		begun = append(begun, o)
	}
	if len(begun) == 0 {
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, a.wait)
	defer cancel()
	for _, o := range begun {
		awaitUndone(limit, source, o)
	}
	// What this look can't see the broker has seen: without that it keeps its record.
	third, _, err := source.Read(ctx)
	if err != nil {
		return fmt.Errorf("looking what was mended: %w", err)
	}
	still := orphans.Find(third, time.Now(), a.age)
	for _, o := range begun {
		switch {
		case o.Unmended != "":
		case o.In(still):
			o.Unmended = "the broker has done its part, and it is still there"
		default:
			o.Mended = true
		}
	}
	return nil
}

// awaitUndone asks until the broker has undone it.
func awaitUndone(ctx context.Context, source orphans.Source, o *toldOrphan) {
	for {
		done, err := source.Undone(ctx, o.Orphan)
		if done {
			return
		}
		select {
		case <-ctx.Done():
			o.Unmended = "the broker is told of it and hasn't done it yet; the replica that leads goes on with it"
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				o.Unmended = err.Error()
			}
			return
		case <-time.After(time.Second):
		}
	}
}

func (t *toldOrphans) print(stdout io.Writer, a orphansArguments) error {
	left, mendable := len(t.Unknown), 0
	for _, o := range t.Orphans {
		if !o.Mended {
			left++
		}
		if o.Fix != "" && !a.yes {
			mendable++
		}
	}
	if a.json {
		if t.Orphans == nil {
			t.Orphans = []toldOrphan{}
		}
		if err := printJSON(stdout, t); err != nil {
			return err
		}
	} else {
		t.printLines(stdout, a)
	}
	switch {
	case left == 0:
		return nil
	case a.fix && mendable > 0:
		return fmt.Errorf("nothing was done; give --yes to have %d of them undone", mendable)
	}
	return errOrphans
}

func (t *toldOrphans) printLines(stdout io.Writer, a orphansArguments) {
	mended := 0
	for _, o := range t.Orphans {
		_, _ = fmt.Fprintf(stdout, "%s %s: %s\n  %s\n", o.Kind, oneLine(o.ID), oneLine(o.Why), oneLine(o.outcome(a)))
		if o.Mended {
			mended++
		}
	}
	for _, u := range t.Unknown {
		_, _ = fmt.Fprintf(stdout, "unknown: %s\n", oneLine(u))
	}
	if t.WithoutCF {
		_, _ = fmt.Fprintln(stdout, "without Cloud Foundry, since CF_API_ADDRESS isn't set: the records and the clusters alone were compared")
	}
	_, _ = fmt.Fprintf(stdout, "%s, ", counted(len(t.Orphans), "orphan", "orphans"))
	if a.yes {
		_, _ = fmt.Fprintf(stdout, "%d mended, ", mended)
	}
	_, _ = fmt.Fprintf(stdout, "%s couldn't be looked at\n", counted(len(t.Unknown), "part", "parts"))
}

// outcome is what has become of it, or else what would mend it.
func (o toldOrphan) outcome(a orphansArguments) string {
	switch {
	case o.Mended:
		return "mended: --fix " + o.Fix
	case o.Unmended != "":
		return "NOT mended: " + o.Unmended
	case a.fix && o.Fix != "":
		return "--fix " + o.Fix
	}
	return "→ " + o.Cure
}
