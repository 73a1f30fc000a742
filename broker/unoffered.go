package broker

import (
	"context"
	"errors"
	"net/http"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"
)

// The catalog offers none of what follows (plan_updateable,
// instances_retrievable and bindings_retrievable are false), and a platform
// that asks all the same is told so.

// Update answers PATCH /v2/service_instances/{id}.
func (b *Broker) Update(context.Context, string, domain.UpdateDetails, bool) (domain.UpdateServiceSpec, error) {
	return domain.UpdateServiceSpec{}, apiresponses.NewFailureResponse(
		errors.New("this broker can't update service instances; create a new one with the plan or parameters wanted"),
		http.StatusUnprocessableEntity, "update-not-offered")
}

// GetInstance answers GET /v2/service_instances/{id}.
func (b *Broker) GetInstance(context.Context, string, domain.FetchInstanceDetails) (domain.GetInstanceDetailsSpec, error) {
	return domain.GetInstanceDetailsSpec{}, notRetrievable("service instances")
}

// GetBinding answers GET …/service_bindings/{id}.
func (b *Broker) GetBinding(context.Context, string, string, domain.FetchBindingDetails) (domain.GetBindingSpec, error) {
	return domain.GetBindingSpec{}, notRetrievable("bindings")
}

// LastBindingOperation answers GET …/service_bindings/{id}/last_operation:
// bindings are made within the request.
func (b *Broker) LastBindingOperation(context.Context, string, string, domain.PollDetails) (domain.LastOperation, error) {
	return domain.LastOperation{}, notRetrievable("operations on bindings")
}

func notRetrievable(what string) error {
	return apiresponses.NewFailureResponse(
		errors.New("this broker's catalog doesn't offer to fetch "+what), http.StatusNotFound, "not-retrievable")
}
