package instance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// What ends its process is tried once more, for the death may have been another's
// fault; and so is going back to what was before.
const (
	deathsDoing  = 2
	deathsInAll  = deathsDoing + 2
	putDownLimit = 2 * time.Second // within what a process is given to end
)

// errEndedTwice ends an operation that ends its process.
var errEndedTwice = cause.Else(cause.Broker, errors.New("the broker's process ended twice while doing this; its operator finds more in the log"))

// takeUp notes that the operation is begun, or begun again, and by whom, before
// anything is done for it. The record that it knows may be older than what this very
// process has written; writing it is refused then, and it is read again.
// ErrSuperseded: the operation has ended, or there is a newer one.
func (w *work) takeUp(ctx context.Context) error {
	for {
		taken := w.instance
		taken.Operation.TakeUp(w.settings.Self)
		taken.Operation.Attempt++
		if taken.Operation.Begun.IsZero() {
			taken.Operation.Begun = time.Now().UTC()
		}
		written, err := w.records.UpdateInstance(ctx, taken)
		if err == nil {
			w.instance, w.progress.written = written, written
			return nil
		}
		if !errors.Is(err, record.ErrConflict) {
			return err
		}
		live, err := w.records.LiveInstance(ctx, w.instance.ID)
		if err != nil {
			return err
		}
		if !sameOperation(live, w.instance) {
			return ErrSuperseded
		}
		w.instance = live
	}
}

// PutDown notes that this process, which isn't at the operation any more unless
// carries says so, leaves it to another one. It takes back nothing but its own name: the other may have begun.
func (s *Instances) PutDown(ctx context.Context, i record.Instance, carries func() bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putDownLimit)
	defer cancel()
	for {
		live, err := s.records.LiveInstance(ctx, i.ID)
		if errors.Is(err, record.ErrNotFound) || err == nil && (!sameOperation(live, i) || !slices.Contains(live.Operation.Holders, s.settings.Self) || carries()) {
			return
		}
		if err == nil {
			live.Operation.PutDown(s.settings.Self)
			_, err = s.records.UpdateInstance(ctx, live)
		}
		if errors.Is(err, record.ErrConflict) {
			continue
		}
		if err != nil {
			s.log.Error("putting-down", err, lager.Data{"instance-id": i.ID})
		}
		return
	}
}

// Abandoned tells whether this process's name is still on an operation that another
// one has taken up, after this one was cut off from the API server, and couldn't take
// it off: it hasn't died.
func (s *Instances) Abandoned(i record.Instance) bool {
	o := i.Operation
	return o.Running() && o.Holder() != s.settings.Self && slices.Contains(o.Holders, s.settings.Self)
}

// endsProcesses tells whether enough processes have died with the operation. A
// delete goes on in any case.
func (w *work) endsProcesses() bool {
	return w.instance.Operation.Type != record.Delete && w.deaths() >= deathsDoing
}

func (w *work) deaths() int { return w.instance.Operation.Deaths(w.settings.Self) }

// giveUp ends an operation that ends its process. What a create has left goes with
// its delete; an update is undone, unless that ends the process as well.
func (w *work) giveUp(ctx context.Context) error {
	update := w.instance.Update
	switch {
	case w.instance.Operation.Type != record.Modify:
		return fmt.Errorf("%w; delete the service instance", errEndedTwice)
	case update == nil || update.From == 0: // nothing was changed
		return fmt.Errorf("%w; the service instance is as it was before", errEndedTwice)
	case w.deaths() >= deathsInAll:
		return fmt.Errorf("%w; so it did while going back to what was before: update the service instance again, or delete it", errEndedTwice)
	}
	if err := w.reach(ctx); err != nil {
		return fmt.Errorf("%w; going back to what was before: %w", errEndedTwice, err)
	}
	return w.rollBack(ctx, errEndedTwice, w.timeLimit(ctx))
}
