package retryable_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/retryable"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

func TestIs(t *testing.T) {
	kind := schema.GroupResource{Resource: "pods"}
	refused := &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"connection refused":    {fmt.Errorf("x: %w", refused), true},
		"unknown certificate":   {&url.Error{Op: "Get", Err: &tls.CertificateVerificationError{Err: errors.New("x509")}}, false},
		"broken off":            {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), true},
		"API server busy":       {apierrors.NewTooManyRequests("x", 1), true},
		"a right not known yet": {&tenant.RetryableError{Why: "x"}, true},
		"API server starting":   {apierrors.NewServiceUnavailable("x"), true},
		"webhook down":          {apierrors.NewInternalError(errors.New("failed calling webhook")), true},
		"time-out":              {apierrors.NewTimeoutError("x", 1), true},
		"conflict":              {apierrors.NewConflict(kind, "x", errors.New("y")), true},
		"record changed":        {fmt.Errorf("x: %w", record.ErrConflict), true},
		"invalid":               {apierrors.NewInvalid(schema.GroupKind{}, "x", nil), false},
		"forbidden or quota":    {apierrors.NewForbidden(kind, "x", errors.New("exceeded quota")), false},
		"no such kind":          {apierrors.NewNotFound(kind, "x"), false},
		"not ready in time":     {&readiness.NotReadyError{Because: "in time"}, false},
		"template":              {errors.New("template: x"), false},
		"policy server 500":     {fmt.Errorf("x: %w", &policy.Error{Status: 500}), true},
		"policy server 429":     {&policy.Error{Status: 429}, true},
		"policy server 403":     {&policy.Error{Status: 403}, false},
		"namespace of another":  {&tenant.ConflictError{What: "x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := retryable.Is(c.err); got != c.want {
				t.Errorf("%v may pass: %t, want %t", c.err, got, c.want)
			}
		})
	}
}
