package broker

import (
	"context"
	"errors"
	"net/http"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// GetInstance answers GET /v2/service_instances/{id} (OSBAPI "Fetching a
// Service Instance"): 404 unless the instance has been created, 422 while it
// is being changed.
func (b *Broker) GetInstance(ctx context.Context, id string, details domain.FetchInstanceDetails) (domain.GetInstanceDetailsSpec, error) {
	if err := b.checkIDs(id); err != nil {
		return domain.GetInstanceDetailsSpec{}, err
	}
	i, err := b.records.LiveInstance(ctx, id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.GetInstanceDetailsSpec{}, b.absent(ctx, id, details.PlanID)
	case err != nil:
		return domain.GetInstanceDetailsSpec{}, failure(ctx, err)
	case i.Operation.Running() && i.Operation.Type != record.Create:
		return domain.GetInstanceDetailsSpec{}, apiresponses.ErrConcurrentInstanceAccess
	case !i.Usable():
		return domain.GetInstanceDetailsSpec{}, notFound("service instance")
	}
	return domain.GetInstanceDetailsSpec{
		ServiceID:    i.ServiceID,
		PlanID:       i.PlanID,
		DashboardURL: b.instances.DashboardURL(ctx, i),
		Parameters:   object(i.Parameters),
		Metadata:     metadata(i),
	}, nil
}

// GetBinding answers GET …/service_bindings/{id} (OSBAPI "Fetching a Service
// Binding"): the credentials as they were issued; 404 unless the binding has
// been made.
func (b *Broker) GetBinding(ctx context.Context, instanceID, id string, _ domain.FetchBindingDetails) (domain.GetBindingSpec, error) {
	if err := b.checkIDs(instanceID, id); err != nil {
		return domain.GetBindingSpec{}, err
	}
	binding, err := b.records.LiveBinding(ctx, instanceID, id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.GetBindingSpec{}, notFound("binding")
	case err != nil:
		return domain.GetBindingSpec{}, failure(ctx, err)
	case binding.State != record.Bound:
		return domain.GetBindingSpec{}, notFound("binding")
	}
	return domain.GetBindingSpec{Credentials: binding.Issued(), Parameters: object(binding.Parameters)}, nil
}

// object is parameters as OSBAPI answers them: an object, also where there
// were none.
func object(parameters []byte) any {
	decoded, err := chart.DecodeParameters(parameters)
	if err != nil {
		return map[string]any{}
	}
	return decoded
}

func notFound(what string) error {
	return response(errors.New("the "+what+" does not exist"), http.StatusNotFound, "not-found")
}

// absent is the answer for an instance that has no record.
func (b *Broker) absent(ctx context.Context, id, planID string) error {
	if _, kibosh, err := b.instances.Left(ctx, id, planID); err == nil && kibosh {
		err := errors.New("the service instance was made by Kibosh, and can only be deleted; create a new one and move the data")
		return response(err, http.StatusNotFound, "made-by-kibosh")
	}
	return notFound("service instance")
}
