package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Provision answers PUT /v2/service_instances/{id} (OSBAPI "Provisioning").
// It is asynchronous, unless it is done within the request. The same request again is answered by where the
// first stands, 202 with its operation or 200 when it is done, also when the
// plan has left the catalog meanwhile.
func (b *Broker) Provision(ctx context.Context, id string, details domain.ProvisionDetails, asyncAllowed bool) (domain.ProvisionedServiceSpec, error) {
	ctx = b.forSpace(ctx, id, details.SpaceGUID)
	if err := b.checkIDs(id); err != nil {
		return domain.ProvisionedServiceSpec{}, err
	}
	if _, err := b.records.Instance(id); !errors.Is(err, record.ErrNotFound) {
		existing, err := b.records.LiveInstance(ctx, id)
		if err == nil {
			return b.existingInstance(ctx, existing, details, asyncAllowed)
		}
		if !errors.Is(err, record.ErrNotFound) {
			return domain.ProvisionedServiceSpec{}, failure(ctx, err)
		}
	}
	instance, err := b.create(ctx, id, details, asyncAllowed)
	if errors.Is(err, record.ErrExists) && instance.ID != "" {
		return b.existingInstance(ctx, instance, details, asyncAllowed)
	}
	if err != nil {
		return b.notCreated(ctx, id, details, asyncAllowed, err)
	}
	answer := b.provisioning(ctx, instance)
	if b.succeeded(ctx, instance) {
		answer.IsAsync, answer.OperationData = false, ""
	}
	return answer, nil
}

// create claims the id, if what is asked for can be had.
func (b *Broker) create(ctx context.Context, id string, details domain.ProvisionDetails, asyncAllowed bool) (record.Instance, error) {
	if err := b.checkReserved(id); err != nil {
		return record.Instance{}, err
	}
	if err := b.checkProvision(details); err != nil {
		return record.Instance{}, err
	}
	if !asyncAllowed {
		return record.Instance{}, apiresponses.ErrAsyncRequired
	}
	return b.instances.Create(ctx, record.Instance{
		ID:               id,
		ServiceID:        details.ServiceID,
		PlanID:           details.PlanID,
		OrganizationGUID: details.OrganizationGUID,
		SpaceGUID:        details.SpaceGUID,
		Context:          details.RawContext,
		Parameters:       details.RawParameters,
	}, origin(ctx))
}

// notCreated answers for an instance that wasn't created because of cause, unless
// there is one that the cache doesn't know of yet, which is answered for.
func (b *Broker) notCreated(ctx context.Context, id string, details domain.ProvisionDetails, asyncAllowed bool, cause error) (domain.ProvisionedServiceSpec, error) {
	existing, err := b.records.LiveInstance(ctx, id)
	if err == nil && existing.Operation.Origin != origin(ctx) {
		return b.existingInstance(ctx, existing, details, asyncAllowed)
	}
	return domain.ProvisionedServiceSpec{}, failure(ctx, cause)
}

func (b *Broker) checkProvision(details domain.ProvisionDetails) error {
	if details.OrganizationGUID == "" || details.SpaceGUID == "" {
		return badRequest("organization_guid and space_guid are missing, or one of them is")
	}
	// brokerapi accepts the plan of another service.
	service, _, found := b.catalog.Catalog().Find(details.ServiceID, details.PlanID)
	if !found {
		return badRequest("the catalog has no service %.100q with a plan %.100q; it may have changed, so the operator may have to run `cf update-service-broker`", details.ServiceID, details.PlanID)
	}
	if err := checkMaintenanceInfo(details.MaintenanceInfo, service); err != nil {
		return err
	}
	return checkParameters(details.RawParameters)
}

// provisioning is the answer while the instance is being made.
func (b *Broker) provisioning(ctx context.Context, i record.Instance) domain.ProvisionedServiceSpec {
	return domain.ProvisionedServiceSpec{
		IsAsync:       true,
		OperationData: i.Operation.ID,
		DashboardURL:  b.instances.DashboardURL(ctx, i),
		Metadata:      metadata(i),
	}
}

// existingInstance answers for an instance whose id is taken. The same
// request after a failure gets the failed operation, so that polling it says
// what went wrong.
func (b *Broker) existingInstance(ctx context.Context, i record.Instance, details domain.ProvisionDetails, asyncAllowed bool) (domain.ProvisionedServiceSpec, error) {
	switch {
	case i.Operation.Type != record.Create && i.Operation.Running():
		return domain.ProvisionedServiceSpec{}, apiresponses.ErrConcurrentInstanceAccess
	case i.Operation.Type == record.Delete:
		return domain.ProvisionedServiceSpec{}, conflict("the service instance %s exists, and deleting it failed; delete it again first", i.ID)
	case !sameRequest(i, details):
		return domain.ProvisionedServiceSpec{}, conflict("the service instance %s exists already, with another service, plan, organization or space or other parameters", i.ID)
	case !i.Usable() && !asyncAllowed:
		return domain.ProvisionedServiceSpec{}, apiresponses.ErrAsyncRequired
	}
	answer := b.provisioning(ctx, i)
	if i.Usable() {
		answer.IsAsync, answer.AlreadyExists, answer.OperationData = false, true, ""
	}
	return answer, nil
}

func sameRequest(i record.Instance, details domain.ProvisionDetails) bool {
	return i.ServiceID == details.ServiceID && i.PlanID == details.PlanID &&
		i.OrganizationGUID == details.OrganizationGUID && i.SpaceGUID == details.SpaceGUID &&
		sameParameters(i.Parameters, details.RawParameters)
}
