package cf

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/pki"
)

// selfMadeTLS makes a CA and a server certificate signed by it, good for a day
// and for loopback and the host of address. It returns the CA's certificate in
// PEM beside the server's configuration.
func selfMadeTLS(address string) (*tls.Config, []byte, error) {
	ca, err := pki.NewCA("Cloud Foundry stand-in CA")
	if err != nil {
		return nil, nil, err
	}
	hosts := []string{"localhost", "::1"}
	if host, _, err := net.SplitHostPort(address); err == nil && host != "" {
		hosts = append(hosts, host)
	}
	certificate, err := ca.Issue("Cloud Foundry stand-in", x509.ExtKeyUsageServerAuth, time.Now().Add(24*time.Hour), hosts...)
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, ca.PEM(), err
}
