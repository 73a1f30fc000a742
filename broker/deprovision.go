package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Deprovision answers DELETE /v2/service_instances/{id} (OSBAPI
// "Deprovisioning"). It is asynchronous, unless it is done within the request,
// and works from every state of the instance; the service and plan of the request don't matter, since both
// may have left the catalog.
func (b *Broker) Deprovision(ctx context.Context, id string, details domain.DeprovisionDetails, asyncAllowed bool) (domain.DeprovisionServiceSpec, error) {
	ctx = b.forSpace(ctx, id, "")
	if err := b.checkIDs(id); err != nil {
		return domain.DeprovisionServiceSpec{}, err
	}
	if !asyncAllowed {
		return domain.DeprovisionServiceSpec{}, b.deprovisionedAlready(ctx, id, details.PlanID)
	}
	instance, err := b.instances.Delete(ctx, id, details.PlanID, origin(ctx))
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.DeprovisionServiceSpec{}, apiresponses.ErrInstanceDoesNotExist
	case err != nil:
		return domain.DeprovisionServiceSpec{}, failure(ctx, err)
	}
	if b.succeeded(ctx, instance) {
		return domain.DeprovisionServiceSpec{}, nil
	}
	return domain.DeprovisionServiceSpec{IsAsync: true, OperationData: instance.Operation.ID}, nil
}

// deprovisionedAlready answers a client that can't wait: what isn't there
// needs no waiting.
func (b *Broker) deprovisionedAlready(ctx context.Context, id, planID string) error {
	_, err := b.records.LiveInstance(ctx, id)
	if errors.Is(err, record.ErrNotFound) {
		var left bool
		if left, _, err = b.instances.Left(ctx, id, planID); err == nil && !left {
			return apiresponses.ErrInstanceDoesNotExist
		}
	}
	if err != nil {
		return failure(ctx, err)
	}
	return apiresponses.ErrAsyncRequired
}
