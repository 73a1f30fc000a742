package broker

import (
	"context"
	"errors"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// unbindOperation is the operation string of every unbind: a binding has one.
const unbindOperation = "unbind"

// Unbind answers DELETE …/service_bindings/{id} (OSBAPI "Unbinding"): when it
// answers 200 the binding's access is closed. If it can't be closed now, that
// goes on by itself: the answer is 202 where the platform allows it, else an
// error.
func (b *Broker) Unbind(ctx context.Context, instanceID, id string, _ domain.UnbindDetails, asyncAllowed bool) (domain.UnbindSpec, error) {
	ctx = b.forSpace(ctx, instanceID, "")
	if err := b.checkIDs(instanceID, id); err != nil {
		return domain.UnbindSpec{}, err
	}
	err := b.bindings.Unbind(ctx, instanceID, id)
	var pending *access.PendingError
	switch {
	case errors.As(err, &pending) && asyncAllowed:
		return domain.UnbindSpec{IsAsync: true, OperationData: unbindOperation}, nil
	case errors.Is(err, record.ErrNotFound):
		return domain.UnbindSpec{}, apiresponses.ErrBindingDoesNotExist
	case err != nil:
		return domain.UnbindSpec{}, failure(ctx, err)
	}
	return domain.UnbindSpec{}, nil
}
