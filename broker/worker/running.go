package worker

import (
	"context"
	"sync"
)

// running are the tasks that this process is at. The zero value is ready.
type running[T comparable] struct {
	mu     sync.Mutex
	runs   map[T]*run
	putOff map[T]string // the operations that were put off
}

// run is one of them.
type run struct {
	operation string // its id; "" until the record has been read
	cancel    context.CancelCauseFunc
}

// begin notes that the task is being done, until end is called, which says whether it
// is put off.
func (r *running[T]) begin(task T, cancel context.CancelCauseFunc) (end func(putOff bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.runs == nil {
		r.runs, r.putOff = map[T]*run{}, map[T]string{}
	}
	begun := &run{cancel: cancel}
	r.runs[task] = begun
	return func(putOff bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.runs, task)
		delete(r.putOff, task)
		if putOff && begun.operation != "" {
			r.putOff[task] = begun.operation
		}
	}
}

// is notes which operation the task is, and tells whether this process has put it
// off before.
func (r *running[T]) is(task T, operation string) (putOff bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs[task].operation = operation
	return operation != "" && r.putOff[task] == operation
}

// cancel ends the task because of cause, if it is being done and isn't this
// operation.
func (r *running[T]) cancel(task T, cause error, operation string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run := r.runs[task]; run != nil && run.operation != operation {
		run.cancel(cause)
	}
}

// has tells whether the task is being done.
func (r *running[T]) has(task T) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.runs[task] != nil
}
