package instance

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// Create records the wish for a new instance and returns the record, whose
// operation then runs by itself. The caller fills in what was asked for; where
// the instance goes is decided here. Parameters that the plan or the chart's
// schema refuses are an InvalidError, one instance too many is a QuotaError,
// and nothing is recorded. If the id is taken it returns the record that holds
// it and record.ErrExists.
func (s *Instances) Create(ctx context.Context, wanted record.Instance, origin record.Origin) (record.Instance, error) {
	defer s.charts.Hold()()
	service, plan, found := s.charts.Catalog().Find(wanted.ServiceID, wanted.PlanID)
	if !found {
		return record.Instance{}, errors.New("the catalog has no such plan of that service")
	}
	wanted.Seed = chart.NewSeed()
	target := s.placeOf(wanted.ID, locate.ClusterID(plan))
	if err := s.checkCreate(ctx, service.Seeded(wanted.Seed), plan, target, wanted.Parameters); err != nil {
		return record.Instance{}, err
	}
	quotas := s.quotasOf(wanted, service, plan)
	release, err := s.countIn(ctx, quotas, wanted.ID)
	if err != nil {
		return record.Instance{}, err
	}
	defer release()
	// An instance may outlive its chart's place in the catalog.
	if err := s.charts.Keep(ctx, service); err != nil {
		return record.Instance{}, err
	}
	wanted.Chart, wanted.Cluster, wanted.KeepData = locate.ChartOf(service), locate.ClusterID(plan), plan.KeepData
	wanted.ClusterObjects = plan.ClusterObjects
	wanted.Namespace, wanted.Release = target.Namespace, target.Release
	wanted.Destination, wanted.GroupLabels = string(s.settings.Destination), s.settings.GroupLabels
	if s.settings.Destination != locate.ToApp { // whose group isn't known before the app is made
		wanted.PolicyGroup = locate.PolicyGroup(wanted.ID)
	}
	wanted.Operation = record.NewOperation(record.Create, origin)
	created, err := s.claim(ctx, wanted)
	if err != nil {
		return created, err
	}
	// Another replica may have let one more in at the same time. Both may then
	// give way; neither is promised anything yet.
	if err := s.recount(ctx, quotas, wanted.ID); err != nil {
		_, deleteErr := s.Delete(ctx, wanted.ID, wanted.PlanID, origin)
		return record.Instance{}, errors.Join(err, deleteErr)
	}
	// Nor is it known whether one has forgotten the chart before it saw the claim.
	return created, s.charts.Keep(ctx, service)
}

// claim writes the record, or returns the one that has the id.
func (s *Instances) claim(ctx context.Context, wanted record.Instance) (record.Instance, error) {
	for {
		created, err := s.records.CreateInstance(ctx, wanted)
		if err == nil {
			return created, nil
		}
		if !errors.Is(err, record.ErrExists) {
			return record.Instance{}, fmt.Errorf("recording the service instance: %w", err)
		}
		existing, err := s.records.LiveInstance(ctx, wanted.ID)
		if errors.Is(err, record.ErrNotFound) {
			continue // deleted between the two
		}
		return existing, errors.Join(record.ErrExists, err)
	}
}

// create makes the namespace and installs the chart into it.
func (w *work) create(ctx context.Context) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	service, plan, err := w.charts.Of(ctx, w.instance.Chart, w.instance.PlanID)
	if err != nil {
		return err
	}
	err = w.make(ctx, service, plan)
	if conflict := new(tenant.ConflictError); errors.As(err, &conflict) {
		// It may be its namespace that is another's.
		if moved, settleErr := w.settle(ctx); !moved {
			return errors.Join(err, settleErr)
		}
		err = w.make(ctx, service, plan)
	}
	return err
}

// make makes the namespace, where it isn't there, and what is in it.
func (w *work) make(ctx context.Context, service chart.Service, plan chart.Plan) error {
	what, err := service.Seeded(w.instance.Seed).Render(ctx, plan, w.instance.Release, w.instance.Namespace, w.instance.Parameters)
	if err != nil {
		return cause.Else(cause.Refused, err)
	}
	err = w.install(ctx, service, plan, what)
	if errors.Is(err, release.ErrLeftover) {
		if err := w.clear(ctx); err != nil {
			return err
		}
		err = w.install(ctx, service, plan, what)
	}
	return explainExceeded(redact(err, what.Values), w.instance.Parameters)
}

func (w *work) install(ctx context.Context, service chart.Service, plan chart.Plan, what chart.Rendered) error {
	target := locate.TargetBy(w.instance, plan)
	target.Foresee = w.foresee
	return w.cluster.InTurn(ctx, target, func(ctx context.Context) error {
		if w.instance.PolicyGroup == "" { // the namespace is to name it
			if err := w.openOwn(ctx); err != nil {
				return err
			}
		}
		w.describe("creating the namespace")
		var err error
		if target.Made, err = w.isolate(ctx, service, plan); err != nil {
			return err
		}
		w.describe("installing the chart")
		err = w.cluster.Install(ctx, target, what, func(p readiness.Progress) { w.describe(p.String()) })
		return cause.Else(cause.Refused, err)
	})
}

// clear removes what an earlier attempt has left. Nobody was promised any of
// it, and what is kept of it, volumes say, would hold other passwords than
// those the next attempt generates.
func (w *work) clear(ctx context.Context) error {
	w.describe("removing what an earlier attempt left")
	return w.remove(ctx, locate.Target(w.instance))
}

// isolate brings what the namespace carries up to date with a plan. It returns the
// namespace if it has made it.
func (w *work) isolate(ctx context.Context, service chart.Service, plan chart.Plan) (made *corev1.Namespace, err error) {
	return w.cluster.EnsureNamespace(ctx, locate.Namespace(w.instance, service.Name, plan))
}

// openOwn has the instance's pods reach what they need before they start.
func (w *work) openOwn(ctx context.Context) error {
	if !w.access.WantsOwn(w.instance) {
		return nil
	}
	w.describe("opening access among the instance's pods")
	return w.access.OpenOwn(ctx, w.instance, w.ensureGroup)
}

// ensureGroup makes the placeholder app, where the instance's destination is
// one, and records its GUID before a namespace or a policy names it.
func (w *work) ensureGroup(ctx context.Context) (group string, err error) {
	if w.instance.PolicyGroup != "" {
		return w.instance.PolicyGroup, nil
	}
	if group, err = w.access.EnsurePlaceholder(ctx, w.instance.ID); err != nil {
		return "", err
	}
	w.instance.PolicyGroup = group
	return group, w.change(ctx, func(*record.Operation) {})
}
