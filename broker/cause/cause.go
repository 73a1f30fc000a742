package cause

import (
	"context"
	"errors"
	"net"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Cause is of what kind the trouble was.
type Cause string

// The causes beside those that keep a release from being ready.
const (
	Refused     Cause = "refused"     // the chart or its values, by Helm, Kubernetes or the broker
	Request     Cause = "request"     // what was asked for can't be: there is no such instance, another operation runs
	Policies    Cause = "policies"    // Cloud Foundry refuses one, or CredHub a binding's credentials
	Unreachable Cause = "unreachable" // Kubernetes or Cloud Foundry didn't answer
	Late        Cause = "late"        // the time limit was up
	Broker      Cause = "broker"      // its own mistake, or its process ended
	Other       Cause = "other"
)

// All are the causes that there are.
func All() []Cause {
	all := []Cause{Refused, Request, Policies, Unreachable, Late, Broker, Other}
	for _, c := range []readiness.Cause{readiness.Image, readiness.Crash, readiness.Scheduling, readiness.Volume, readiness.Admission, readiness.Hook, readiness.NotReady} {
		all = append(all, Cause(c))
	}
	return all
}

// Of is the error's cause.
func Of(err error) Cause {
	var notReady *readiness.NotReadyError
	var refused *policy.Error
	var status apierrors.APIStatus
	var marked *markedError
	switch {
	case errors.As(err, &notReady):
		return Cause(notReady.Cause())
	case errors.Is(err, view.ErrNoReadyPod):
		return Cause(readiness.NotReady)
	case errors.As(err, &refused) && !retryable.Is(refused):
		return Policies
	case errors.Is(err, context.DeadlineExceeded) && !isUnanswered(err):
		return Late
	case isRequest(err):
		return Request
	case isUnreachable(err):
		return Unreachable
	case errors.As(err, &marked):
		return marked.cause
	case errors.As(err, &status):
		return Refused
	}
	return Other
}

func isRequest(err error) bool {
	var invalid *locate.InvalidError
	var failed *locate.FailedError
	return errors.As(err, &invalid) || errors.As(err, &failed) || errors.Is(err, locate.ErrBusy) ||
		errors.Is(err, record.ErrNotFound) || errors.Is(err, tenant.ErrGone)
}

// isUnreachable tells whether nobody answered, or who did has troubles of its own. What
// the broker itself waits for isn't away.
func isUnreachable(err error) bool {
	var waits *tenant.RetryableError
	return apierrors.IsUnauthorized(err) || retryable.Is(err) && !errors.As(err, &waits) && !errors.Is(err, record.ErrConflict)
}

// isUnanswered tells whether time was up for a request, of which the HTTP client tells, and
// not for what the broker itself waited for.
func isUnanswered(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout() && network != context.DeadlineExceeded //nolint:errorlint // that one is a net.Error too
}

// Else marks an error with the cause that it has if nothing else tells. nil stays nil. Of
// several marks the last counts.
func Else(cause Cause, err error) error {
	if err == nil {
		return nil
	}
	return &markedError{error: err, cause: cause}
}

type markedError struct {
	error
	cause Cause
}

func (e *markedError) Unwrap() error { return e.error }
