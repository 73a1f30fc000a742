package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// Update answers PATCH /v2/service_instances/{id} (OSBAPI "Updating a Service
// Instance"): another plan, parameters laid over those so far, and the chart's
// newer version where maintenance_info asks for it, in any combination. An
// update that changes nothing of the release, a rename say, is done at once.
func (b *Broker) Update(ctx context.Context, id string, details domain.UpdateDetails, asyncAllowed bool) (domain.UpdateServiceSpec, error) {
	ctx = b.forSpace(ctx, id, "")
	if err := b.checkIDs(id); err != nil {
		return domain.UpdateServiceSpec{}, err
	}
	if err := checkParameters(details.RawParameters); err != nil {
		return domain.UpdateServiceSpec{}, err
	}
	details.MaintenanceInfo = named(details.MaintenanceInfo)
	instance, err := b.instances.Update(ctx, id, func(i *record.Instance) (instance.Change, error) {
		update, err := b.change(i, details, asyncAllowed)
		return instance.Change{Update: update, Parameters: details.RawParameters}, err
	}, origin(ctx))
	var answer *apiresponses.FailureResponse
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.UpdateServiceSpec{}, b.absent(ctx, id, details.PlanID)
	case errors.As(err, &answer):
		return domain.UpdateServiceSpec{}, answer // unwrapped: brokerapi asks for its type
	case errors.Is(err, locate.ErrNoPlan) && details.MaintenanceInfo != nil:
		return domain.UpdateServiceSpec{}, unprocessable("plan-is-gone", "version %s of the chart doesn't have the service instance's plan any more; change the plan together with the upgrade", details.MaintenanceInfo.Version)
	case errors.Is(err, locate.ErrNoPlan):
		return domain.UpdateServiceSpec{}, unprocessable("upgrade-first", "the service instance is on version %s of the chart, which doesn't have that plan; run `cf upgrade-service` first", instance.Chart.Version)
	case err != nil && !errors.Is(err, errSameUpdate):
		return domain.UpdateServiceSpec{}, failure(ctx, err)
	}
	return b.updated(ctx, instance), nil
}

// updated is the answer for what the request has written: an update that goes
// on, or nothing to do.
func (b *Broker) updated(ctx context.Context, written record.Instance) domain.UpdateServiceSpec {
	running := written.Operation.Running()
	// Only who polls can be told anything.
	if running && b.succeeded(ctx, written) && !b.remarks(written) {
		running, written = false, written.Updated()
	}
	spec := domain.UpdateServiceSpec{DashboardURL: b.instances.DashboardURL(ctx, written), Metadata: metadata(written)}
	if running {
		spec.IsAsync, spec.OperationData = true, written.Operation.ID
	}
	return spec
}

// remarks tells whether there is something to say of the operation, which has succeeded.
func (b *Broker) remarks(begun record.Instance) bool {
	now, err := b.records.Instance(begun.ID)
	return err == nil && now.Operation.ID == begun.Operation.ID && now.Operation.Description != ""
}

// errSameUpdate: the update that is asked for is running already.
var errSameUpdate = errors.New("the same update is in progress")

// change works out what the instance becomes; nil if nothing of its release
// changes.
func (b *Broker) change(i *record.Instance, details domain.UpdateDetails, asyncAllowed bool) (*record.Update, error) {
	if i.Operation.Type == record.Delete {
		return nil, locate.Unavailable(i.Operation)
	}
	wanted, err := b.wanted(*i, details)
	if err != nil {
		return nil, err
	}
	switch {
	case i.Operation.Running() && i.Operation.Type == record.Modify && sameUpdate(*i.Update, *wanted):
		if !asyncAllowed {
			return nil, apiresponses.ErrAsyncRequired
		}
		return nil, errSameUpdate
	case i.Operation.Running():
		return nil, locate.ErrBusy
	case !i.Usable():
		return nil, &locate.FailedError{Operation: i.Operation}
	case wanted.PlanID == i.PlanID && wanted.Chart == i.Chart && sameParameters(wanted.Parameters, i.Parameters):
		i.Context = wanted.Context
		return nil, nil
	case !asyncAllowed:
		return nil, apiresponses.ErrAsyncRequired
	}
	return wanted, nil
}

// wanted is the instance's change, whole.
func (b *Broker) wanted(i record.Instance, details domain.UpdateDetails) (*record.Update, error) {
	wanted := &record.Update{PlanID: i.PlanID, Context: i.Context, Chart: i.Chart}
	if details.ServiceID != i.ServiceID {
		return nil, badRequest("the service instance is of service %q, not of %.100q; a service instance can't change its service", i.ServiceID, details.ServiceID)
	}
	if details.PlanID != "" && details.PlanID != i.PlanID {
		if err := b.checkPlanChange(i, details.PlanID); err != nil {
			return nil, err
		}
		wanted.PlanID = details.PlanID
	}
	if len(details.RawContext) > 0 {
		wanted.Context = details.RawContext
	}
	if details.MaintenanceInfo != nil {
		service, found := b.catalog.Catalog().Service(i.ServiceID)
		if !found {
			return nil, badRequest("the service has left the catalog, so there is no version to upgrade to")
		}
		if err := checkMaintenanceInfo(details.MaintenanceInfo, service); err != nil {
			return nil, err
		}
		wanted.Chart = locate.ChartOf(service)
	}
	var err error
	wanted.Parameters, err = chart.MergeParameters(i.Parameters, details.RawParameters)
	return wanted, err
}

// checkPlanChange holds a change of plan against what is offered now.
func (b *Broker) checkPlanChange(i record.Instance, planID string) error {
	service, plan, found := b.catalog.Catalog().Find(i.ServiceID, planID)
	if !found {
		return badRequest("the plan %.100q is not a plan of the instance's service %q; see the catalog for its plans", planID, i.ServiceID)
	}
	from, found := service.Plan(i.PlanID)
	if found && from.AllowedPlanChanges != nil && !slices.Contains(from.AllowedPlanChanges, plan.Name) {
		return planChange(from, plan)
	}
	return nil
}

func planChange(from, to chart.Plan) error {
	allowed := "no other plan"
	if len(from.AllowedPlanChanges) > 0 {
		allowed = "only " + strings.Join(from.AllowedPlanChanges, ", ")
	}
	err := fmt.Errorf("the plan %s can't be changed to %s: the operator allows %s", from.Name, to.Name, allowed)
	return apiresponses.NewFailureResponseBuilder(err, http.StatusUnprocessableEntity, "plan-change").WithErrorKey("PlanChangeNotSupported").Build()
}

// named is nil for a maintenance_info that names no version: it asks for nothing,
// as one that isn't there.
func named(info *domain.MaintenanceInfo) *domain.MaintenanceInfo {
	if info == nil || info.Version == "" {
		return nil
	}
	return info
}

// checkMaintenanceInfo refuses a version that isn't the catalog's (OSBAPI
// "Maintenance Info").
func checkMaintenanceInfo(info *domain.MaintenanceInfo, service chart.Service) error {
	if info = named(info); info != nil && info.Version != service.Version() {
		return apiresponses.ErrMaintenanceInfoConflict
	}
	return nil
}

func sameUpdate(a, b record.Update) bool {
	return a.PlanID == b.PlanID && a.Chart == b.Chart && sameParameters(a.Parameters, b.Parameters)
}
