package chartsurvey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// Survey checks charts, each in a process of its own.
type Survey struct {
	// Workers have Handle among what they can do.
	Workers *sandbox.Workers
	// Limits are those of the check of one chart. Rendering has its own.
	Limits sandbox.Limits
	// Patience is how long one may take by the clock.
	Patience time.Duration
	// Jobs is how many are checked at a time.
	Jobs int
	// Options are handed to Handle's open.
	Options any
	// Progress is told of each chart that is done.
	Progress io.Writer
}

// Run checks the charts under dir and returns a row for each, sorted by path. The error
// is for a dir that can't be read, or ctx's own.
func (s Survey) Run(ctx context.Context, dir string) ([]Row, error) {
	paths, err := find(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for charts: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("there is no chart under %s", dir)
	}
	options, err := json.Marshal(s.Options)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(paths))
	var done int
	var mu sync.Mutex // guards done, and keeps lines of Progress apart
	var group errgroup.Group
	group.SetLimit(s.Jobs)
	for i, path := range paths {
		group.Go(func() error {
			rows[i] = s.one(ctx, task{Path: path, Options: options})
			mu.Lock()
			defer mu.Unlock()
			done++
			_, _ = fmt.Fprintf(s.Progress, "%d/%d  %s  %s  %.1f s\n", done, len(paths), path, rows[i].Outcome, rows[i].Seconds)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return rows, nil
}

// one checks one chart. Whatever happens becomes a row.
func (s Survey) one(ctx context.Context, t task) Row {
	bounded, stop := context.WithTimeout(ctx, s.Patience)
	defer stop()
	began := time.Now()
	var seen sight
	err := s.Workers.Do(bounded, HandleName, s.Limits, t, &seen, nil)
	row := rowOf(t.Path, seen.Chart)
	if why := s.unchecked(err, seen); why != "" {
		row = Row{Path: t.Path, Chart: filepath.Base(t.Path), Outcome: Fails, Why: []Reason{{unchecked, why}}}
	}
	row.Seconds = time.Since(began).Seconds()
	row.RendererMemory, row.CheckMemory = seen.Rendering, seen.Checking
	return row
}

func (s Survey) unchecked(err error, seen sight) string {
	switch {
	case errors.Is(err, sandbox.ErrTime):
		return fmt.Sprintf("checking it takes more than %s of processor time", s.Limits.Time)
	case errors.Is(err, sandbox.ErrMemory):
		return fmt.Sprintf("checking it takes more than %d MB of memory", s.Limits.Memory>>20)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("checking it takes more than %s", s.Patience)
	case err != nil:
		return "the process that checks it has ended: " + err.Error()
	}
	return seen.Error
}

// Slowest is the row that took longest, and Largest the one with the most memory for
// rendering. There has to be one.
func Slowest(rows []Row) Row {
	return slices.MaxFunc(rows, func(a, b Row) int { return int((a.Seconds - b.Seconds) * 1000) })
}

// Largest is the row whose rendering took most memory.
func Largest(rows []Row) Row {
	return slices.MaxFunc(rows, func(a, b Row) int { return int((a.RendererMemory - b.RendererMemory) >> 10) })
}
