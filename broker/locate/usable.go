package locate

import (
	"errors"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// ErrBusy says that another operation on the same instance or binding is running.
var ErrBusy = errors.New("another operation on this service instance or binding is in progress; try again when it has ended")

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

// Usable returns nil if the instance is there to be bound to, else why it isn't.
func Usable(i record.Instance) error {
	if i.Operation.Running() || !i.Usable() {
		return Unavailable(i.Operation)
	}
	return nil
}

// InvalidError says why a request is refused. Its text names the field and
// quotes no value.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }
