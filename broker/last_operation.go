package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// LastOperation answers GET /v2/service_instances/{id}/last_operation (OSBAPI
// "Polling Last Operation for Service Instances"). It reads from the cache;
// only an operation that the cache doesn't know, or an instance that it
// doesn't know (any more), is read live.
func (b *Broker) LastOperation(ctx context.Context, id string, details domain.PollDetails) (domain.LastOperation, error) {
	if err := b.checkIDs(id); err != nil {
		return domain.LastOperation{}, err
	}
	instance, err := b.records.Instance(id)
	if err != nil || instance.Operation.ID != details.OperationData {
		instance, err = b.records.LiveInstance(ctx, id)
	}
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.LastOperation{}, apiresponses.ErrInstanceDoesNotExist
	case err != nil:
		return domain.LastOperation{}, failure(ctx, err)
	case details.OperationData != "" && details.OperationData != instance.Operation.ID:
		return replaced(instance.Operation), nil
	}
	return domain.LastOperation{
		State:       domain.LastOperationState(instance.Operation.State),
		Description: string(instance.Operation.Description),
	}, nil
}

// replaced is the end of an operation that a newer one has taken over from:
// nobody is told the newer one's outcome in its place.
func replaced(by record.Operation) domain.LastOperation {
	return domain.LastOperation{
		State:       domain.Failed,
		Description: fmt.Sprintf("the operation was ended by a later %s of the same service instance", by.Type),
	}
}

// LastBindingOperation answers GET …/service_bindings/{id}/last_operation
// (OSBAPI "Polling Last Operation for Service Bindings"), read live: a binding
// is polled for a short time only.
func (b *Broker) LastBindingOperation(ctx context.Context, instanceID, id string, details domain.PollDetails) (domain.LastOperation, error) {
	if err := b.checkIDs(instanceID, id); err != nil {
		return domain.LastOperation{}, err
	}
	binding, err := b.records.LiveBinding(ctx, instanceID, id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return domain.LastOperation{}, apiresponses.ErrBindingDoesNotExist
	case err != nil:
		return domain.LastOperation{}, failure(ctx, err)
	case binding.State == record.Revoking:
		return domain.LastOperation{State: domain.InProgress, Description: "closing the binding's access"}, nil
	case binding.Operation != nil && details.OperationData != "" && details.OperationData != binding.Operation.ID:
		return domain.LastOperation{State: domain.Failed, Description: "the operation isn't this binding's last one"}, nil
	}
	answer := domain.LastOperation{State: domain.InProgress}
	if binding.Operation != nil {
		answer.Description = string(binding.Operation.Description)
	}
	switch binding.State {
	case record.Bound:
		answer = domain.LastOperation{State: domain.Succeeded, Description: access.Notice(binding)}
	case record.Unmade:
		answer.State = domain.Failed
	}
	return answer, nil
}
