package retryable

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Error is one that another try may not meet, whatever its cause.
type Error struct{ Cause error }

func (e *Error) Error() string { return e.Cause.Error() }
func (e *Error) Unwrap() error { return e.Cause }

// Is decides which errors are worth another try: those that say so, those of a
// server that is down, overloaded or restarting, and a record that somebody else has changed
// meanwhile. Anything else, an invalid manifest or a refused permission say,
// would fail the same way again.
func Is(err error) bool {
	var again *Error
	var passing *tenant.RetryableError
	if errors.As(err, &again) || errors.As(err, &passing) || errors.Is(err, record.ErrConflict) {
		return true
	}
	var refused *policy.Error
	if errors.As(err, &refused) {
		return refused.Status >= http.StatusInternalServerError || refused.Status == http.StatusTooManyRequests
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
			apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsConflict(err)
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
