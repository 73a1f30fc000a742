package worker

import (
	"context"
	"errors"
	"sync"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Await tells whether the operation that the record names has succeeded, for
// which it waits for SyncWait at most, or DeleteWait. Whichever replica carries the
// operation through, its outcome is seen by the watch on the records. It returns false
// if the operation hasn't succeeded: a failure is told to whoever polls.
func (w *Worker) Await(ctx context.Context, begun record.Instance) (succeeded bool) {
	patience := w.settings.SyncWait
	if begun.Operation.Type == record.Delete {
		patience = w.settings.DeleteWait
	}
	if patience <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	changed, leave := w.awaited.join(begun.ID)
	defer leave()
	for {
		state := w.stateOf(ctx, begun)
		if state != record.InProgress {
			return state == record.Succeeded
		}
		select {
		case <-changed:
		case <-w.awaited.ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// EndWaits has requests that wait be answered, since the process is to end: whoever
// stops it may have less patience than they. It is called once.
func (w *Worker) EndWaits() { close(w.awaited.ended) }

// stateOf is the state of the operation that the record names, as it is now. A
// delete has succeeded when there is no record any more, of which a cache alone
// is no proof.
func (w *Worker) stateOf(ctx context.Context, begun record.Instance) record.State {
	now, err := w.records.Instance(begun.ID)
	if errors.Is(err, record.ErrNotFound) && begun.Operation.Type == record.Delete {
		if _, err := w.records.LiveInstance(ctx, begun.ID); errors.Is(err, record.ErrNotFound) {
			return record.Succeeded
		}
		return record.InProgress
	}
	if err != nil || now.Operation.ID != begun.Operation.ID {
		// The cache lags, or a newer operation has taken its place: then nobody
		// will ever hear of this one.
		return record.InProgress
	}
	return now.Operation.State
}

// awaited are the instances whose records requests wait for.
type awaited struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool
	ended   chan struct{} // closed when nobody is to wait any longer
}

// join returns a channel that holds a token after each change of the instance's
// record, until leave is called.
func (a *awaited) join(id string) (changed <-chan struct{}, leave func()) {
	token := make(chan struct{}, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting[id] == nil {
		a.waiting[id] = map[chan struct{}]bool{}
	}
	a.waiting[id][token] = true
	return token, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if delete(a.waiting[id], token); len(a.waiting[id]) == 0 {
			delete(a.waiting, id)
		}
	}
}

// wake is told of each change of an instance's record.
func (a *awaited) wake(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token := range a.waiting[id] {
		select {
		case token <- struct{}{}:
		default: // it holds one already
		}
	}
}
