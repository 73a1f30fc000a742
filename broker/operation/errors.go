package operation

import (
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Errors that callers act on, besides those of record, helmsvc and policy.
var (
	// ErrBusy: another operation on the same instance or binding is running.
	ErrBusy = errors.New("another operation on this service instance or binding is in progress; try again when it has ended")
	// ErrNoSuchPlan: the catalog has no such plan of that service.
	ErrNoSuchPlan = errors.New("the catalog has no such plan of that service")
)

// FailedError says that the instance's last operation failed, so that it
// can't be used.
type FailedError struct{ Operation record.Operation }

func (e *FailedError) Error() string {
	return fmt.Sprintf("the service instance can't be used, since its %s failed: %s", e.Operation.Type, e.Operation.Description)
}
