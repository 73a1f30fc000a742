package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/operation"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Bind answers PUT …/service_bindings/{id} (OSBAPI "Binding"). The same
// request again gets the same credentials. Without an app it makes a service
// key, which opens no access. If no pod of the instance is ready and the
// platform allows it, the binding is made after the answer.
func (b *Broker) Bind(ctx context.Context, instanceID, id string, details domain.BindDetails, asyncAllowed bool) (domain.Binding, error) {
	wanted := record.Binding{
		ID:         id,
		InstanceID: instanceID,
		ServiceID:  details.ServiceID,
		PlanID:     details.PlanID,
		AppGUID:    appGUID(details),
		Parameters: details.RawParameters,
		Origin:     origin(ctx),
	}
	if err := b.checkBind(ctx, wanted, details); err != nil {
		return domain.Binding{}, err
	}
	bound, err := b.engine.Bind(ctx, wanted, asyncAllowed)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.Binding{}, apiresponses.ErrInstanceDoesNotExist
	case errors.Is(err, record.ErrExists) && bound.ID != "":
		return existingBinding(bound, wanted)
	case err != nil:
		return domain.Binding{}, failure(ctx, err)
	}
	return made(bound), nil
}

// made is the answer for a binding that is made, or on its way.
func made(b record.Binding) domain.Binding {
	if b.State != record.Bound {
		return domain.Binding{IsAsync: true, OperationData: b.Operation.ID}
	}
	return domain.Binding{Credentials: b.Credentials}
}

func appGUID(details domain.BindDetails) string {
	if details.BindResource != nil && details.BindResource.AppGuid != "" {
		return details.BindResource.AppGuid
	}
	return details.AppGUID
}

func (b *Broker) checkBind(ctx context.Context, wanted record.Binding, details domain.BindDetails) error {
	if err := b.checkIDs(wanted.InstanceID, wanted.ID); err != nil {
		return err
	}
	if details.BindResource != nil && details.BindResource.Route != "" {
		return badRequest("services of this broker can't be bound to routes")
	}
	if wanted.AppGUID != "" && !policy.ValidID(wanted.AppGUID) {
		return badRequest("app_guid %.70q is not a lower-case UUID", wanted.AppGUID)
	}
	if err := checkParameters(wanted.Parameters); err != nil {
		return err
	}
	return b.checkBoundPlan(ctx, wanted)
}

// checkBoundPlan holds the request's service and plan against the instance's.
func (b *Broker) checkBoundPlan(ctx context.Context, wanted record.Binding) error {
	instance, err := b.records.LiveInstance(ctx, wanted.InstanceID)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return b.absent(ctx, wanted.InstanceID)
	case err != nil:
		return failure(ctx, err)
	case instance.Operation.Type == record.Delete:
		return failure(ctx, operation.Unavailable(instance.Operation))
	case instance.ServiceID != wanted.ServiceID || instance.PlanID != wanted.PlanID:
		return badRequest("the service instance is of service %q and plan %q, not of service %q and plan %q",
			instance.ServiceID, instance.PlanID, wanted.ServiceID, wanted.PlanID)
	}
	if _, plan, found := b.catalog.Catalog().Find(wanted.ServiceID, wanted.PlanID); found && !plan.Bindable {
		return badRequest("the plan %q is not bindable", plan.Name)
	}
	return nil
}

func existingBinding(b, wanted record.Binding) (domain.Binding, error) {
	if b.ServiceID != wanted.ServiceID || b.PlanID != wanted.PlanID || b.AppGUID != wanted.AppGUID || !sameParameters(b.Parameters, wanted.Parameters) {
		return domain.Binding{}, conflict("the binding %s exists already, for another app, service or plan or with other parameters", b.ID)
	}
	answer := made(b)
	answer.AlreadyExists = !answer.IsAsync
	return answer, nil
}
