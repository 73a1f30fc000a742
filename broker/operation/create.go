package operation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// Create records the wish for a new instance and returns the record, whose
// operation then runs by itself. The caller fills in what was asked for; where
// the instance goes is decided here. If the id is taken it returns the record
// that holds it and record.ErrExists.
func (e *Engine) Create(ctx context.Context, wanted record.Instance, correlationID string) (record.Instance, error) {
	service, _, found := e.catalog.Find(wanted.ServiceID, wanted.PlanID)
	if !found {
		return record.Instance{}, ErrNoSuchPlan
	}
	target := helmsvc.TargetOf(e.settings.NamespacePrefix, wanted.ID)
	wanted.Chart = record.Chart{Name: service.Metadata().Name, Version: service.Metadata().Version, Digest: service.Digest}
	wanted.Namespace, wanted.Release = target.Namespace, target.Release
	wanted.Destination, wanted.PolicyGroup = destinationInstance, policyGroup(wanted.ID)
	wanted.Operation = newOperation(record.Create, correlationID)
	created, err := e.records.CreateInstance(ctx, wanted)
	if errors.Is(err, record.ErrExists) {
		existing, readErr := e.records.LiveInstance(ctx, wanted.ID)
		return existing, errors.Join(err, readErr)
	}
	if err != nil {
		return record.Instance{}, fmt.Errorf("recording the service instance: %w", err)
	}
	return created, nil
}

func newOperation(kind record.Type, correlationID string) record.Operation {
	return record.Operation{
		ID:            uuid.NewString(),
		Type:          kind,
		State:         record.InProgress,
		Started:       time.Now().UTC(),
		Attempt:       1,
		CorrelationID: correlationID,
	}
}

// create makes the namespace and installs the chart into it.
func (w *work) create(ctx context.Context) error {
	service, plan, found := w.catalog.Find(w.instance.ServiceID, w.instance.PlanID)
	if !found {
		return errors.New("the chart or plan has left the catalog since the instance was asked for; delete the instance, or put the chart back and create it again")
	}
	what, err := service.Render(plan, w.instance.Release, w.instance.Namespace, w.instance.Parameters)
	if err != nil {
		return err
	}
	w.describe(ctx, "creating the namespace")
	if err := w.cluster.EnsureNamespace(ctx, namespaceOf(w.instance, service.Metadata().Name, plan.Name)); err != nil {
		return err
	}
	w.describe(ctx, "installing the chart")
	return w.cluster.Install(ctx, targetOf(w.instance), what, func(p helmsvc.Progress) { w.describe(ctx, p.String()) })
}

func targetOf(i record.Instance) helmsvc.Target {
	return helmsvc.Target{Namespace: i.Namespace, Release: i.Release}
}
