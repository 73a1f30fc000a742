package instance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// ErrOtherCluster says that an update would have to move an instance.
var ErrOtherCluster = errors.New("a service instance can't move to another cluster")

// Change is what an update asks for.
type Change struct {
	// Update is what the instance is to become, whole; nil if nothing of its
	// release changes.
	Update *record.Update
	// Parameters are those of the request alone.
	Parameters json.RawMessage
}

// Update records what the instance is to become and returns its record, whose
// operation then runs by itself. change is asked for it with the instance as
// it is now. If nothing has to be done the instance is returned as it is, with
// its context written back if change has altered that. Errors of change are
// returned as they are; ErrBusy if another operation is running,
// record.ErrNotFound if there is no such instance, ErrNoPlan if the chart's
// version has no such plan, ErrOtherCluster, an InvalidError or a QuotaError.
func (s *Instances) Update(ctx context.Context, id string, change func(*record.Instance) (Change, error), origin record.Origin) (record.Instance, error) {
	for {
		instance, err := s.records.LiveInstance(ctx, id)
		if err != nil {
			return record.Instance{}, err
		}
		wanted, err := change(&instance)
		if err != nil {
			return instance, err
		}
		instance, err = s.recordUpdate(ctx, instance, wanted, origin)
		if !errors.Is(err, record.ErrConflict) {
			return instance, err
		}
	}
}

func (s *Instances) recordUpdate(ctx context.Context, i record.Instance, wanted Change, origin record.Origin) (record.Instance, error) {
	if wanted.Update != nil {
		defer s.charts.Hold()()
		i.Seed = cmp.Or(i.Seed, chart.NewSeed())
		release, err := s.admitUpdate(ctx, i, wanted)
		if err != nil {
			return i, err
		}
		defer release()
		i.Update = wanted.Update
		i.Operation = record.NewOperation(record.Modify, origin)
	}
	i, err := s.records.UpdateInstance(ctx, i)
	if err != nil {
		return record.Instance{}, fmt.Errorf("recording the update of the service instance: %w", err)
	}
	if wanted.Update != nil {
		// Another replica may have forgotten the chart before it saw the update.
		return i, s.charts.KeepAs(ctx, wanted.Update.Chart)
	}
	return i, nil
}

// admitUpdate checks an update before anything is done for it, and sees to it
// that its chart is kept.
func (s *Instances) admitUpdate(ctx context.Context, i record.Instance, wanted Change) (release func(), err error) {
	service, plan, err := s.charts.Of(ctx, wanted.Update.Chart, wanted.Update.PlanID)
	if err != nil {
		return nil, err
	}
	if locate.ClusterID(plan) != i.Cluster {
		return nil, fmt.Errorf("%w, and the plan %s is on another; create a new one and move the data", ErrOtherCluster, plan.Name)
	}
	if err := s.taking(plan).CheckUpdate(wanted.Parameters); err != nil {
		return nil, &locate.InvalidError{Reason: err.Error()}
	}
	if err := s.checkKept(ctx, i, plan, wanted.Update.Parameters); err != nil {
		return nil, err
	}
	if err := checkValues(ctx, service.Seeded(i.Seed), plan, locate.Target(i), wanted.Update.Parameters); err != nil {
		return nil, err
	}
	if err := s.charts.Keep(ctx, service); err != nil {
		return nil, err
	}
	if wanted.Update.PlanID == i.PlanID || plan.Quota == 0 {
		return func() {}, nil
	}
	return s.countIn(ctx, []quota{planQuota(plan)}, i.ID)
}

// update upgrades the release, and brings it back if that fails: the instance
// stays usable as it was. undoing has time of its own.
func (w *work) update(ctx, undoing context.Context) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	wanted := w.instance.Update
	if wanted == nil {
		return errors.New("the record doesn't say what the update leads to")
	}
	service, plan, err := w.charts.Of(ctx, wanted.Chart, wanted.PlanID)
	if err != nil {
		return err
	}
	what, err := service.Seeded(w.instance.Seed).RenderUpdate(ctx, plan, w.instance.Release, w.instance.Namespace, wanted.Parameters)
	if err != nil {
		return cause.Else(cause.Refused, err)
	}
	if err := w.noteBefore(ctx, plan); err != nil {
		return err
	}
	err = w.upgrade(ctx, service, plan, what)
	if err == nil {
		w.instance = w.instance.Updated()
		w.instance.KeepData, w.instance.Unaligned = plan.KeepData, w.access.Enforced()
		w.remark = w.stale(ctx)
		return nil
	}
	err = explainExceeded(redact(err, what.Values), wanted.Parameters)
	if undoing.Err() != nil || ctx.Err() == nil && retryable.Is(err) {
		return err
	}
	return w.rollBack(undoing, err, cmp.Or(plan.TimeLimit, w.settings.TimeLimit))
}

// upgrade makes the namespace and the release what the plan says.
func (w *work) upgrade(ctx context.Context, service chart.Service, plan chart.Plan, what chart.Rendered) error {
	target := locate.TargetBy(w.instance, plan)
	target.Foresee = w.foresee
	return w.cluster.InTurn(ctx, target, func(ctx context.Context) error {
		w.describe("upgrading the release")
		if _, err := w.isolate(ctx, service, plan); err != nil {
			return err
		}
		err := w.cluster.Upgrade(ctx, target, what, func(p readiness.Progress) { w.describe(p.String()) })
		return cause.Else(cause.Refused, err)
	})
}

// noteBefore notes what the update begins from and what else it may make, before
// it changes anything: after a crash the release's newest revision may be the
// update's own.
func (w *work) noteBefore(ctx context.Context, plan chart.Plan) error {
	if w.instance.Update.From != 0 {
		return nil
	}
	revision, err := w.cluster.Revision(ctx, locate.Target(w.instance))
	if err != nil {
		return err
	}
	update := *w.instance.Update
	update.From = revision
	w.instance.Update = &update
	w.instance.ClusterObjects = union(w.instance.ClusterObjects, plan.ClusterObjects)
	return w.change(ctx, func(*record.Operation) {})
}

func (w *work) rollBack(ctx context.Context, why error, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	w.log.Error("rolling-back", why)
	w.describe("rolling back: " + why.Error())
	if err := w.goBack(ctx); err != nil {
		return fmt.Errorf("%w; and going back to what was before failed as well: %s", why, err.Error())
	}
	if stale := w.stale(ctx); stale != "" {
		return fmt.Errorf("%w; the service instance is as it was before, but %s", why, stale)
	}
	return fmt.Errorf("%w; the service instance is as it was before", why)
}

// goBack makes the namespace and the release what they were before the update.
func (w *work) goBack(ctx context.Context) error {
	service, plan, err := w.charts.Of(ctx, w.instance.Chart, w.instance.PlanID)
	if err != nil {
		return err
	}
	target := locate.TargetBy(w.instance, plan)
	return w.cluster.InTurn(ctx, target, func(ctx context.Context) error {
		if _, err := w.isolate(ctx, service, plan); err != nil {
			return err
		}
		return w.cluster.Rollback(ctx, target, w.instance.Update.From)
	})
}

// union are the names of both, each once.
func union(names, more []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(names, more))))
}
