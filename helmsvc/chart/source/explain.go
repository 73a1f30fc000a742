package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// query is the part of an address that may be a signature.
var query = regexp.MustCompile(`\?[^\s"]+`)

// explain says in words what to do about a failed request. It leaves out
// the queries of addresses that a server redirected to: they may be signed.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var refused *errcode.ErrorResponse
	if errors.As(err, &refused) {
		return explainStatus(refused)
	}
	if errors.Is(err, auth.ErrBasicCredentialNotFound) {
		return errors.New("the registry wants a login; set username and password_file")
	}
	if errors.Is(err, errdef.ErrNotFound) {
		return fmt.Errorf("%w; check the address and the version", err)
	}
	if errors.Is(err, content.ErrTrailingData) {
		return errors.New("what the registry sent is longer than it said before; it isn't kept")
	}
	var failed *url.Error
	if !errors.As(err, &failed) {
		return errors.New(query.ReplaceAllString(err.Error(), "?…"))
	}
	return fmt.Errorf("asking %s: %w%s", hostOf(failed.URL), failed.Err, hint(failed.Err))
}

func explainStatus(refused *errcode.ErrorResponse) error {
	answer := fmt.Sprintf("%s answered %d %s", refused.URL.Host, refused.StatusCode, http.StatusText(refused.StatusCode))
	if len(refused.Errors) > 0 {
		answer += " (" + refused.Errors.Error() + ")"
	}
	switch refused.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s; check username and password_file (they are sent to the host in the list only) and the address", answer)
	case http.StatusNotFound:
		return fmt.Errorf("%s; check the address and the version", answer)
	}
	return errors.New(answer)
}

func hint(err error) string {
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return "; if it has a CA of its own, name that as ca_file"
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return "; if it really has no TLS, set plain_http: true (oci) or begin the address with http:// (repository)"
	}
	return ""
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the server"
	}
	return u.Host
}
