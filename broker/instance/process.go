package instance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// ErrSuperseded ends an operation whose instance has got a newer one.
var ErrSuperseded = errors.New("a newer operation has replaced this one")

// work is one operation while it is being carried through.
type work struct {
	*Instances
	instance record.Instance
	cluster  *helmsvc.Cluster // that the instance lives on
	log      lager.Logger
	progress progress
	// putOff: this process has carried it before, and put it off.
	putOff bool
	// remark is what whoever polls is told of a success.
	remark string
}

// Process carries the instance's operation through, if one is running, unless ctx
// ends, because this replica doesn't lead any more, or superseded does, because of a
// newer operation. begun is told of the operation before anything is done for it, and
// tells whether this process has carried it before, and put it off.
func (s *Instances) Process(ctx, superseded context.Context, id string, begun func(operation string) (putOff bool)) (next retryable.Again) {
	// The cache may lag behind what this very process has written: then taking it up
	// is refused, and the record is read.
	instance, err := s.records.Instance(id)
	switch {
	case errors.Is(err, record.ErrNotFound), err == nil && !instance.Operation.Running():
		return retryable.Again{}
	case err != nil:
		s.log.Error("reading-record", err, lager.Data{"instance-id": id})
		return retryable.Again{Wanted: ctx.Err() == nil}
	}
	w := &work{Instances: s, instance: instance, putOff: begun(instance.Operation.ID), progress: progress{written: instance}, log: s.log.Session(string(instance.Operation.Type), lager.Data{
		"instance-id": id, "operation": instance.Operation.ID, "correlation-id": instance.Operation.CorrelationID,
	})}
	defer func() {
		if ctx.Err() != nil {
			s.PutDown(ctx, w.instance, func() bool { return false })
		}
	}()
	return w.carry(ctx, superseded)
}

// carry works within superseded, which a newer operation ends; the outcome is
// written within ctx.
func (w *work) carry(ctx, superseded context.Context) retryable.Again {
	err := w.takeUp(superseded)
	if errors.Is(err, ErrSuperseded) || errors.Is(err, record.ErrNotFound) {
		return retryable.Again{} // it has ended, or what is newer is told of
	}
	if err != nil {
		w.log.Error("taking-up", err)
		return retryable.Again{Wanted: superseded.Err() == nil}
	}
	allowed := w.timeLimit(ctx)
	limit := w.limit(allowed)
	bounded, stop := context.WithDeadline(superseded, limit)
	defer stop()
	w.log.Info("start", lager.Data{"attempt": w.instance.Operation.Attempt, "deaths": w.deaths(), "namespace": w.instance.Namespace, "limit": limit})
	chart := w.instance.Chart
	told := w.tell(superseded)
	err = w.step(bounded, superseded)
	told()
	if bounded.Err() != nil {
		err = cause.Else(cause.Late, err)
	}
	switch {
	case superseded.Err() != nil:
		w.log.Info("interrupted", lager.Data{"cause": context.Cause(superseded).Error()})
		return retryable.Again{}
	case err == nil:
		w.ended(nil)
		err = w.succeed(ctx, chart)
	case bounded.Err() == nil && retryable.Is(err):
		w.tryAgain(ctx, err)
		return retryable.By(limit)
	default:
		reason := w.explain(explainAccess(err, w.instance), bounded.Err() != nil, allowed)
		w.log.Error("failed", errors.New(reason), unnamed(err))
		w.tellFailure(ctx, reason, bounded.Err() != nil)
		w.ended(err)
		err = w.fail(ctx, reason)
	}
	if err != nil && !errors.Is(err, ErrSuperseded) && !errors.Is(err, record.ErrNotFound) {
		w.log.Error("recording-outcome", err)
		return retryable.Again{Wanted: ctx.Err() == nil}
	}
	return retryable.Again{}
}

// limit is when the operation ends at the latest: the time allowed after it was
// first taken up. Time in which no broker ran isn't held against it: the first
// few attempts of other processes leave this one a minute in any case. That they
// are few ends an operation that somebody stops again and again.
func (w *work) limit(allowed time.Duration) time.Time {
	const attempts, grace = 5, time.Minute
	limit := w.instance.Operation.Begun.Add(allowed)
	if soon := time.Now().Add(min(grace, allowed)); !w.putOff && w.instance.Operation.Attempt <= attempts && soon.After(limit) {
		return soon
	}
	return limit
}

// timeLimit is the plan's, else the broker's.
func (w *work) timeLimit(ctx context.Context) time.Duration {
	_, plan, err := w.charts.Of(ctx, w.instance.Chart, w.instance.PlanID)
	if err != nil {
		return w.settings.TimeLimit // the step will say what is missing, if it needs it
	}
	return cmp.Or(plan.TimeLimit, w.settings.TimeLimit)
}

// errMistake ends an operation that would have ended the process.
var errMistake = cause.Else(cause.Broker, errors.New("the broker made a mistake; its operator finds it in the log"))

// step works within ctx. undoing is for what a failed step has to take back: it
// doesn't end with the time limit. What Helm makes of an odd chart or record
// mustn't end everybody's broker.
func (w *work) step(ctx, undoing context.Context) (err error) {
	defer func() {
		if recover() != nil { // the cause might quote a secret; the stack can't
			w.log.Error("panic", nil, lager.Data{"stack": string(debug.Stack())})
			err = errMistake
		}
	}()
	if w.endsProcesses() {
		return w.giveUp(undoing)
	}
	switch w.instance.Operation.Type {
	case record.Create:
		return w.create(ctx)
	case record.Modify:
		return w.update(ctx, undoing)
	case record.Delete:
		return w.delete(ctx)
	}
	return fmt.Errorf("this broker doesn't know operations of type %q", w.instance.Operation.Type)
}

// prepare comes before anything is made of the chart, which may be of kinds
// that operators bring.
func (w *work) prepare(ctx context.Context) error {
	w.operators.Await(ctx, func() { w.describe("waiting for operators to be installed") })
	return w.reach(ctx)
}

// reach finds the cluster that the instance lives on.
func (w *work) reach(ctx context.Context) (err error) {
	w.cluster, err = w.clusters.Of(ctx, w.instance)
	return err
}

// explain turns an error into the words that the app developer reads.
func (w *work) explain(err error, outOfTime bool, limit time.Duration) string {
	switch held := w.instance.Operation.HeldUp; {
	case outOfTime && held != "":
		return fmt.Sprintf("%s (time limit %s); held up before by: %s", err, limit, held)
	case outOfTime:
		return fmt.Sprintf("%s (time limit %s)", err, limit)
	}
	return err.Error()
}

// succeed writes the outcome. before is the chart that the instance was on.
func (w *work) succeed(ctx context.Context, before record.Chart) error {
	if w.instance.Operation.Type == record.Delete {
		if err := w.forget(ctx); err != nil {
			return err
		}
		w.outgrow(ctx, before)
		return nil
	}
	if err := w.finish(ctx, record.Succeeded, record.ReasonOf(w.remark)); err != nil {
		return err
	}
	if w.instance.Chart != before {
		w.outgrow(ctx, before)
	}
	return nil
}

func (w *work) outgrow(ctx context.Context, before record.Chart) {
	if err := w.charts.Outgrow(ctx, w.instance.ID, before); err != nil {
		w.log.Error("forgetting-chart", err)
	}
}

// forget deletes the record, at last.
func (w *work) forget(ctx context.Context) error {
	live := w.progress.written
	if err := w.records.NoteGone(ctx, live); err != nil {
		w.log.Error("forgetting-failures", err) // that keeps no instance
	}
	for {
		err := w.records.DeleteInstance(ctx, live)
		if !errors.Is(err, record.ErrConflict) {
			return err
		}
		live, err = w.current(ctx)
		if errors.Is(err, record.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// current reads the record again that has changed since it was read. It returns
// ErrSuperseded if it isn't this operation's any more, or another process has
// taken the operation up since.
func (w *work) current(ctx context.Context) (record.Instance, error) {
	live, err := w.records.LiveInstance(ctx, w.instance.ID)
	if err == nil && (!sameOperation(live, w.instance) || live.Operation.Holder() != w.instance.Operation.Holder()) {
		return live, ErrSuperseded
	}
	return live, err
}

// sameOperation tells whether the record's operation is the given one's still, and
// running.
func sameOperation(live, i record.Instance) bool {
	return live.Operation.ID == i.Operation.ID && live.Operation.Running()
}

func (w *work) fail(ctx context.Context, reason string) error {
	err := w.finish(ctx, record.Failed, record.ReasonOf(reason))
	if err == nil || errors.Is(err, ErrSuperseded) || errors.Is(err, record.ErrNotFound) || retryable.Is(err) {
		return err
	}
	// An outcome that can't be written would have everything done again and again.
	w.log.Error("recording-outcome", err)
	return w.finish(ctx, record.Failed, unspeakable)
}

// unspeakable is the reason where the API server refuses the record with the
// real one.
const unspeakable = "it failed; why can't be recorded, and the broker's operator finds it in the log"

func (w *work) finish(ctx context.Context, state record.State, description record.Reason) error {
	w.instance.Update = nil
	if state == record.Failed {
		failed := w.instance
		failed.Operation.Description = description
		w.instance = failed.WithFailure(time.Now().UTC())
	}
	return w.change(ctx, func(o *record.Operation) {
		o.State = state
		o.Description = description
		o.Holders = nil
		if description == unspeakable {
			o.HeldUp = "" // it may be what is refused
		}
	})
}

// ended counts the outcome, and logs it.
func (w *work) ended(err error) {
	o := w.instance.Operation
	w.metrics.Operation(string(o.Type), err, o.Started)
	data := lager.Data{"state": record.Succeeded, "seconds": time.Since(o.Started).Seconds()}
	if err != nil {
		data["state"], data["cause"] = record.Failed, cause.Of(err)
	}
	w.log.Info("done", data)
}

// tryAgain notes why the operation is held up.
func (w *work) tryAgain(ctx context.Context, why error) {
	w.log.Error("will-retry", why)
	err := w.change(ctx, func(o *record.Operation) {
		o.PutDown(w.settings.Self)
		o.HeldUp = record.ReasonOf(why.Error())
		o.Description = record.ReasonOf("held up, trying again: " + why.Error())
	})
	if err != nil {
		w.log.Error("recording-retry", err)
	}
}

// change writes a change of the running operation back. A record that has
// changed meanwhile belongs to a newer operation and is left alone; unless it
// was this one that wrote it, and never heard so. The error is then ErrSuperseded.
// edit may be called more than once.
func (w *work) change(ctx context.Context, edit func(*record.Operation)) error {
	w.progress.mu.Lock()
	defer w.progress.mu.Unlock()
	edited := w.instance.As(w.progress.written)
	edited.Operation.Holders = w.progress.written.Operation.Holders
	edit(&edited.Operation)
	for {
		written, err := w.records.UpdateInstance(ctx, edited)
		if err == nil {
			w.instance, w.progress.written = written, written
			return nil
		}
		if !errors.Is(err, record.ErrConflict) {
			return err
		}
		live, err := w.current(ctx)
		if err != nil {
			return err
		}
		edited = edited.As(live)
		edited.Operation.Holders = live.Operation.Holders
		edit(&edited.Operation)
	}
}
