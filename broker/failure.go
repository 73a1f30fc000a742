package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/pivotal-cf/brokerapi/v10/domain/apiresponses"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/binding"
	"github.com/cf-helm-broker/cf-helm-broker/broker/instance"
	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// response is an error's answer. It is as short as a record's reason: errors
// quote charts, schemas and servers.
func response(err error, status int, action string) error {
	return apiresponses.NewFailureResponse(errors.New(string(record.ReasonOf(err.Error()))), status, action)
}

func badRequest(format string, args ...any) error {
	return response(fmt.Errorf(format, args...), http.StatusBadRequest, "bad-request")
}

func conflict(format string, args ...any) error {
	return response(fmt.Errorf(format, args...), http.StatusConflict, "conflict")
}

func unprocessable(action, format string, args ...any) error {
	return response(fmt.Errorf(format, args...), http.StatusUnprocessableEntity, action)
}

// failure puts an error of a lower room into OSBAPI's terms (OSBAPI "Service
// Broker Errors"). What may pass later is 503, so that a platform tries again;
// 422 and 400 are final for some.
func failure(ctx context.Context, err error) error {
	var failed *locate.FailedError
	var refused *policy.Error
	var invalid *locate.InvalidError
	var quota *instance.QuotaError
	var policies *access.PolicyLimitError
	var unreachable *view.UnreachableError
	var noPod *manifest.NoPodError
	var tooMuch *bounded.TooMuchError
	var tooLong *bindtemplate.TooLongError
	var answered *apiresponses.FailureResponse
	switch {
	case errors.As(err, &answered):
		return answered
	case errors.As(err, &invalid):
		return badRequest("%s", invalid)
	case errors.As(err, &unreachable):
		return response(unreachable, http.StatusUnprocessableEntity, "unreachable")
	case errors.As(err, &noPod):
		return response(noPod, http.StatusUnprocessableEntity, "no-pod")
	case errors.As(err, &tooMuch):
		return response(tooMuch, http.StatusUnprocessableEntity, "too-much")
	case errors.As(err, &tooLong):
		return response(err, http.StatusUnprocessableEntity, "too-long")
	case errors.Is(err, tenant.ErrGone):
		return response(err, http.StatusUnprocessableEntity, "gone")
	case errors.Is(err, binding.ErrNotBindable):
		return badRequest("%s", err)
	case errors.Is(err, locate.ErrBusy):
		return apiresponses.NewFailureResponseBuilder(err, http.StatusUnprocessableEntity, "busy").WithErrorKey("ConcurrencyError").Build()
	case errors.As(err, &policies):
		return response(policies, http.StatusUnprocessableEntity, "too-many-policies")
	case errors.As(err, &quota):
		return response(quota, http.StatusUnprocessableEntity, "quota")
	case errors.Is(err, instance.ErrOtherCluster):
		return response(err, http.StatusUnprocessableEntity, "other-cluster")
	case errors.As(err, &failed):
		return response(err, http.StatusUnprocessableEntity, "instance-failed")
	case errors.Is(err, view.ErrNoReadyPod):
		return response(fmt.Errorf("%w; try again in a moment", err), http.StatusServiceUnavailable, "no-ready-pod")
	case errors.As(err, &refused) && !retryable.Is(err):
		return internal(ctx, err, http.StatusInternalServerError)
	case retryable.Is(err), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return internal(ctx, fmt.Errorf("%w; try again in a moment", err), http.StatusServiceUnavailable)
	}
	return internal(ctx, err, http.StatusInternalServerError)
}

// internal adds the id under which the operator finds the request in the log.
func internal(ctx context.Context, err error, status int) error {
	return response(fmt.Errorf("%w (correlation id %s)", err, correlationID(ctx)), status, "failed")
}
