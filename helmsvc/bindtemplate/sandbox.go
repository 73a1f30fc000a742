package bindtemplate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// Evaluator evaluates templates in processes of their own, each one at a time.
// Its methods may be called from any number of goroutines.
type Evaluator struct {
	// Command is the command line that ends in Serve: this program with the
	// argument that leads there.
	Command []string
	// Timeout is how much processor time an evaluation may take. The clock on
	// the wall doesn't count: a busy machine would fail templates that are well.
	Timeout time.Duration
	// Memory is how much an evaluation may use, in bytes.
	Memory uint64
	// Keep has one process wait for the next evaluation once there was one.
	Keep bool

	idle atomic.Pointer[child]
}

// request is what the child reads. It goes through a pipe: it holds secrets,
// and arguments and environments can be read by others.
type request struct {
	Template Template        `json:"template"`
	Sees     json.RawMessage `json:"sees"`
	Timeout  time.Duration   `json:"timeout"`
	Memory   uint64          `json:"memory"`
}

type answer struct {
	Credentials json.RawMessage `json:"credentials,omitempty"`
	Error       string          `json:"error,omitempty"`
}

// The statuses of a child that has used more than it may.
const (
	memoryExit = 9
	timeExit   = 10
)

// Evaluate returns the credentials that the template yields. sees is a JSON
// object: what the template calls $.
func (e *Evaluator) Evaluate(ctx context.Context, t Template, sees json.RawMessage) (json.RawMessage, error) {
	result, err := e.run(ctx, request{Template: t, Sees: sees, Timeout: e.Timeout, Memory: e.Memory})
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == timeExit:
		return nil, fmt.Errorf("%s: the bind template took longer than %s of processor time; does it loop?", t.File, e.Timeout)
	case errors.As(err, &exit) && exit.ExitCode() == memoryExit:
		return nil, fmt.Errorf("%s: the bind template used more than %d MB", t.File, e.Memory>>20)
	case err != nil:
		return nil, fmt.Errorf("evaluating the bind template in a process of its own: %w", err)
	}
	if result.Error != "" {
		return nil, errors.New(result.Error)
	}
	return result.Credentials, nil
}

// Serve is the child: it reads one request after the other, evaluates it and
// writes the answer, until there are no more. It returns the process's exit
// status.
func Serve(stdin io.Reader, stdout io.Writer) int {
	requests, answers := json.NewDecoder(stdin), json.NewEncoder(stdout)
	for {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return 0
		} else if err != nil {
			return 1
		}
		if err := answers.Encode(r.bounded()); err != nil {
			return 1
		}
		runtime.GC() // what this one has used isn't held against the next
	}
}

// bounded evaluates the template, and ends the process if that takes more than
// it may.
func (r request) bounded() answer {
	defer guard(r.Timeout, r.Memory)()
	credentials, err := r.Template.evaluate(r.Sees)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Credentials: credentials}
}

// guard ends the process when it has used more processor time or memory than
// it may, until the returned function is called. A limit of the operating
// system's would be met in the middle of an allocation, and Go would print a
// page of stack instead of an exit status.
func guard(timeout time.Duration, memory uint64) (end func()) {
	debug.SetMemoryLimit(int64(memory)) //nolint:gosec // a few MB
	debug.SetMaxStack(int(memory))      //nolint:gosec // as above
	began, err := processorTime()
	if err != nil {
		os.Exit(timeExit) // it couldn't be bounded
	}
	ticker, done := time.NewTicker(5*time.Millisecond), make(chan struct{})
	go func() {
		var stats runtime.MemStats
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			if runtime.ReadMemStats(&stats); stats.HeapAlloc+stats.StackInuse > memory {
				os.Exit(memoryExit)
			}
			if now, err := processorTime(); err != nil || now-began > timeout {
				os.Exit(timeExit)
			}
		}
	}()
	return func() { ticker.Stop(); close(done) }
}

// processorTime is how much of it this process has used.
func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}
