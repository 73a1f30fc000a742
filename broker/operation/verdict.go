package operation

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

// MayPass decides which errors are worth another try: those that say so, those of a
// server that is down, overloaded or restarting, and a record that somebody else has changed
// meanwhile. Anything else, an invalid manifest or a refused permission say,
// would fail the same way again.
func MayPass(err error) bool {
	if errors.Is(err, errShared) || errors.Is(err, record.ErrConflict) {
		return true
	}
	var retryable *tenant.RetryableError
	if errors.As(err, &retryable) {
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
