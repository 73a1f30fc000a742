package cfapi

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// fix is what the operator has to look at when a part of CF refuses a request.
func fix(r Request, refused *policy.Error) string {
	switch {
	case refused.Status < http.StatusBadRequest:
		return r.names.notJSON()
	case refused.Status >= http.StatusInternalServerError:
		return "see its log, and try again"
	}
	switch r.Part {
	case UAA:
		return fixUAA(refused.Status, r.names)
	case PolicyServer:
		return fixPolicyServer(refused.Status)
	case CloudController:
		return fixCloudController(refused, r.Needs)
	case CredHub:
		return fixCredHub(refused, r.Needs)
	}
	return "check that CF_API_ADDRESS is the CF API"
}

func fixUAA(status int, names Names) string {
	if status == http.StatusNotFound {
		return names.check() + " and that UAA is up"
	}
	return "check " + names.client() + ", and that the UAA client has the grant type client_credentials"
}

func fixPolicyServer(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "it refuses a new token too: see whether the policy server reaches UAA"
	case http.StatusForbidden:
		return "give the UAA client of CF_CLIENT_ID the authority network.admin, which has neither a quota nor needs a role in the apps' spaces"
	case http.StatusNotFound:
		return "is the policy server up?"
	}
	return ""
}

// fixCloudController knows that the cloud controller answers 401, not 403, to
// the token of a client without any cloud_controller authority: UAA doesn't
// name the cloud controller in such a token's audience.
func fixCloudController(refused *policy.Error, needs string) string {
	switch {
	case refused.Status == http.StatusUnauthorized:
		return needs
	case refused.Status == http.StatusForbidden && strings.Contains(refused.Message, "CF-NotAuthorized"):
		return needs
	case refused.Status == http.StatusNotFound && !strings.Contains(refused.Message, "CF-ResourceNotFound"):
		return "is the cloud controller up?"
	}
	return ""
}

// fixCredHub knows that CredHub answers 404 to who lacks a permission, and what asks for
// an unknown route gets on its way there.
func fixCredHub(refused *policy.Error, needs string) string {
	switch {
	case refused.Status == http.StatusUnauthorized:
		return "it refuses a new token too: see whether it trusts this UAA"
	case refused.Status == http.StatusForbidden, refused.Status == http.StatusNotFound && strings.Contains(refused.Message, "sufficient authorization"):
		return needs
	case refused.Status == http.StatusNotFound:
		return "is CredHub up?"
	case refused.Status == http.StatusRequestEntityTooLarge:
		return "the credentials are longer than CredHub takes; have the chart's bind.yaml hand out less"
	}
	return ""
}

// unreached adds to the error of a request without an answer what the operator
// has to look at.
func (c *connector) unreached(err error) error {
	host := "the server"
	var failed *url.Error
	if errors.As(err, &failed) {
		if address, parseErr := url.Parse(failed.URL); parseErr == nil {
			host = address.Host
		}
	}
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var otherHost x509.HostnameError
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w; have the certificate of %s renewed, and check this machine's clock", err, host)
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; make the CA of %s known to the broker (SSL_CERT_FILE), or set CF_SKIP_SSL_VALIDATION for a trial", err, host)
	case errors.As(err, &otherHost):
		return fmt.Errorf("%w; %s must hold a name that the certificate is for", err, c.settings.Names.address())
	case errors.As(err, &name):
		return fmt.Errorf("%w; check %s, and that this machine resolves %s", err, c.settings.Names.address(), host)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%w; check whether %s should begin with http://", err, c.settings.Names.address())
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w; check %s, that %s is up and that the broker may reach it", err, c.settings.Names.address(), host)
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("%w; %s gave no answer within CF_REQUEST_TIMEOUT (%s) or the caller's own time limit", err, host, c.settings.Timeout)
	}
	return err
}
