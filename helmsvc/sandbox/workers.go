package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"sync/atomic"
	"time"
)

// Workers have tasks done. Their methods may be called from any number of
// goroutines; each task has a process for itself.
type Workers struct {
	// Command is the command line that ends in Serve: this program with the
	// argument that leads there.
	Command []string
	// Keep has one process wait for the next task once there was one: the start
	// of a process takes longer than most tasks.
	Keep bool

	idle atomic.Pointer[process]
}

// Limits bound one task.
type Limits struct {
	// Time is processor time. The clock on the wall doesn't count: a busy machine
	// would fail tasks that are well.
	Time time.Duration `json:"time"`
	// Memory is how much may be allocated, in bytes.
	Memory uint64 `json:"memory"`
}

// What a task may use up. Its process has ended then.
var (
	ErrTime   = errors.New("it took more processor time than it may")
	ErrMemory = errors.New("it used more memory than it may")
)

// Ask answers what a task asks while it is worked on. An error ends the task.
type Ask func(ctx context.Context, question json.RawMessage) (reply any, err error)

// Do has the task done by the Handle of that name and reads its answer into
// answer. ask may be nil if the task asks nothing. The error is ErrTime or ErrMemory if the task used up what
// it may, ctx's if that ended before, or ask's.
func (w *Workers) Do(ctx context.Context, handle string, limits Limits, task, answer any, ask Ask) error {
	text, err := json.Marshal(task)
	if err != nil {
		return err
	}
	err = w.do(ctx, request{Handle: handle, Limits: limits, Task: text}, answer, ask)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == timeExit:
		return ErrTime
	case errors.As(err, &exit) && (slices.Contains([]int{memoryExit, runtimeExit, racyExit}, exit.ExitCode()) || killed(err)):
		return ErrMemory // the kernel may have been faster
	}
	return err
}

func (w *Workers) do(ctx context.Context, r request, answer any, ask Ask) error {
	if idle := w.idle.Swap(nil); idle != nil {
		if err := idle.work(ctx, r, answer, ask); err == nil || ctx.Err() != nil || !killed(err) {
			w.keep(idle, err)
			return err
		}
	}
	fresh, err := w.start()
	if err != nil {
		return err
	}
	err = fresh.work(ctx, r, answer, ask)
	w.keep(fresh, err)
	return err
}

// keep has a process that is well wait for the next task.
func (w *Workers) keep(p *process, err error) {
	if err != nil {
		return // it has ended
	}
	if !w.Keep || !w.idle.CompareAndSwap(nil, p) {
		_ = p.end()
	}
}

// killed tells whether a process was ended from outside: while it waited, maybe.
func killed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}
