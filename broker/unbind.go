package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Unbind answers DELETE …/service_bindings/{id} (OSBAPI "Unbinding"): when it
// answers 200 the binding's access is closed.
func (b *Broker) Unbind(ctx context.Context, instanceID, id string, _ domain.UnbindDetails, _ bool) (domain.UnbindSpec, error) {
	if err := b.checkIDs(instanceID, id); err != nil {
		return domain.UnbindSpec{}, err
	}
	err := b.engine.Unbind(ctx, instanceID, id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.UnbindSpec{}, apiresponses.ErrBindingDoesNotExist
	case err != nil:
		return domain.UnbindSpec{}, failure(ctx, err)
	}
	return domain.UnbindSpec{}, nil
}
