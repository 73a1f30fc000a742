package publish

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
)

// explain says what to do about a connection that can't be made, or has ended.
func (p *Publisher) explain(err error) error {
	return fmt.Errorf("names aren't published by NATS at %s: %w%s", strings.Join(p.settings.Servers, ", "), err, p.advice(err))
}

func (p *Publisher) advice(err error) string {
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	text := err.Error()
	switch {
	case p.settings.CAFile == "" && (errors.Is(err, nats.ErrTLS) || strings.Contains(text, "tls:")):
		return ". It asks for TLS: set NATS_CA_FILE, NATS_CERT_FILE and NATS_KEY_FILE, or use the port of CF's job nats, usually 4222"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return ". It speaks without TLS there: use the port of CF's job nats-tls, usually 4224, or set no NATS_CA_FILE"
	case errors.As(err, &authority):
		return ". Put the CA that has signed the NATS servers' certificates, nats.external.tls.ca of CF's job nats-tls, into NATS_CA_FILE"
	case errors.As(err, &host):
		return ". Name the servers in NATS_SERVERS as their certificates do, or set NATS_SERVER_NAME to a name that these hold"
	case errors.As(err, &invalid):
		return ". The NATS servers need another certificate"
	case strings.Contains(text, "remote error: tls"):
		return ". NATS refuses the client's certificate: NATS_CERT_FILE must be a valid one that is signed by NATS' CA"
	case errors.Is(err, nats.ErrAuthorization) || strings.Contains(strings.ToLower(text), "authorization"):
		return ". NATS refuses the user: check NATS_USER and NATS_PASSWORD, nats.user and nats.password of CF's jobs"
	case errors.Is(err, nats.ErrNoServers):
		return ". No server takes connections there: check NATS_SERVERS, and that security groups let this process reach them"
	}
	return ""
}
