package instance

import (
	"context"
	"errors"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// telling is how often the record is written for the sake of whoever polls.
const telling = time.Second

// progress is what whoever polls is to be told, and the record as it was
// written last: by the operation's own steps or for its progress.
type progress struct {
	mu      sync.Mutex
	text    record.Reason
	written record.Instance
}

// describe notes how far the operation is. It is written down within a second
// or so, unless the operation is done sooner.
func (w *work) describe(text string) {
	w.progress.mu.Lock()
	defer w.progress.mu.Unlock()
	w.progress.text = record.ReasonOf(text)
}

// tell writes down how far the operation is, until the returned function is
// called.
func (w *work) tell(ctx context.Context) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(telling)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				w.tellNow(ctx)
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// tellNow writes the description, if it has changed. That it can't be written
// doesn't stop the operation.
func (w *work) tellNow(ctx context.Context) {
	w.progress.mu.Lock()
	defer w.progress.mu.Unlock()
	edited := w.progress.written
	if w.progress.text == "" || w.progress.text == edited.Operation.Description {
		return
	}
	edited.Operation.Description = w.progress.text
	written, err := w.records.UpdateInstance(ctx, edited)
	if errors.Is(err, record.ErrConflict) {
		written, err = w.current(ctx) // the next time, then
	}
	if err != nil {
		w.log.Info("progress-not-recorded", lager.Data{"cause": err.Error()})
		return
	}
	w.progress.written = written
}
