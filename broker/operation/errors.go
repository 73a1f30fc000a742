package operation

import (
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// ErrBusy says that another operation on the same instance or binding is running.
// Callers act on it, and on the errors of record, helmsvc and policy.
var ErrBusy = errors.New("another operation on this service instance or binding is in progress; try again when it has ended")

// ErrNotBindable says that the instance's plan makes no bindings.
var ErrNotBindable = errors.New("the plan of the service instance is not bindable")

// FailedError says that the instance's last operation failed, so that it
// can't be used.
type FailedError struct{ Operation record.Operation }

func (e *FailedError) Error() string {
	return fmt.Sprintf("the service instance can't be used, since its %s failed: %s", e.Operation.Type, e.Operation.Description)
}

// Unavailable says why an operation keeps an instance from being used: ErrBusy
// while it runs, else a FailedError.
func Unavailable(o record.Operation) error {
	if o.Running() {
		return ErrBusy
	}
	return &FailedError{Operation: o}
}
