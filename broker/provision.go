package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Provision answers PUT /v2/service_instances/{id} (OSBAPI "Provisioning").
// It is always asynchronous. The same request again is answered by where the
// first stands: 202 with its operation, or 200 when it is done.
func (b *Broker) Provision(ctx context.Context, id string, details domain.ProvisionDetails, asyncAllowed bool) (domain.ProvisionedServiceSpec, error) {
	if err := b.checkProvision(id, details); err != nil {
		return domain.ProvisionedServiceSpec{}, err
	}
	if !asyncAllowed {
		return b.provisionedAlready(ctx, id, details)
	}
	instance, err := b.engine.Create(ctx, record.Instance{
		ID:               id,
		ServiceID:        details.ServiceID,
		PlanID:           details.PlanID,
		OrganizationGUID: details.OrganizationGUID,
		SpaceGUID:        details.SpaceGUID,
		Context:          details.RawContext,
		Parameters:       details.RawParameters,
	}, correlationID(ctx))
	switch {
	case errors.Is(err, record.ErrExists) && instance.ID != "":
		return existingInstance(instance, details)
	case err != nil:
		return domain.ProvisionedServiceSpec{}, failure(ctx, err)
	}
	return domain.ProvisionedServiceSpec{IsAsync: true, OperationData: instance.Operation.ID}, nil
}

func (b *Broker) checkProvision(id string, details domain.ProvisionDetails) error {
	if err := b.checkIDs(id); err != nil {
		return err
	}
	// brokerapi accepts the plan of another service.
	service, _, found := b.catalog.Find(details.ServiceID, details.PlanID)
	if !found {
		return badRequest("the plan %q is not a plan of the service %q; see the catalog for its plans", details.PlanID, details.ServiceID)
	}
	if err := checkMaintenanceInfo(details.MaintenanceInfo, service); err != nil {
		return err
	}
	return checkParameters(details.RawParameters)
}

// provisionedAlready answers a client that can't wait: an instance that is
// there already needs no waiting.
func (b *Broker) provisionedAlready(ctx context.Context, id string, details domain.ProvisionDetails) (domain.ProvisionedServiceSpec, error) {
	instance, err := b.records.LiveInstance(ctx, id)
	if errors.Is(err, record.ErrNotFound) {
		return domain.ProvisionedServiceSpec{}, apiresponses.ErrAsyncRequired
	}
	if err != nil {
		return domain.ProvisionedServiceSpec{}, failure(ctx, err)
	}
	spec, err := existingInstance(instance, details)
	if err == nil && !spec.AlreadyExists {
		return domain.ProvisionedServiceSpec{}, apiresponses.ErrAsyncRequired
	}
	return spec, err
}

// existingInstance answers for an instance whose id is taken. The same
// request after a failure gets the failed operation, so that polling it says
// what went wrong.
func existingInstance(i record.Instance, details domain.ProvisionDetails) (domain.ProvisionedServiceSpec, error) {
	switch {
	case i.Operation.Type != record.Create && i.Operation.Running():
		return domain.ProvisionedServiceSpec{}, apiresponses.ErrConcurrentInstanceAccess
	case i.Operation.Type == record.Delete:
		return domain.ProvisionedServiceSpec{}, conflict("the service instance %s exists, and deleting it failed; delete it again first", i.ID)
	case !sameRequest(i, details):
		return domain.ProvisionedServiceSpec{}, conflict("the service instance %s exists already, with another service, plan, organization or space or other parameters", i.ID)
	case i.Usable():
		return domain.ProvisionedServiceSpec{AlreadyExists: true}, nil
	}
	return domain.ProvisionedServiceSpec{IsAsync: true, OperationData: i.Operation.ID}, nil
}

func sameRequest(i record.Instance, details domain.ProvisionDetails) bool {
	return i.ServiceID == details.ServiceID && i.PlanID == details.PlanID &&
		i.OrganizationGUID == details.OrganizationGUID && i.SpaceGUID == details.SpaceGUID &&
		sameParameters(i.Parameters, details.RawParameters)
}
