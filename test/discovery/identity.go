package discovery

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/pki"
)

// identity are the certificates of NATS, and of a client that it lets in.
type identity struct {
	client, stranger papers
	server           *tls.Config
	config           *tls.Config // of the client
}

// papers are files: a CA, and a certificate that it has signed for a client.
type papers struct{ ca, certificate, key string }

func newIdentity(dir string) (*identity, error) {
	ca, client, files, err := newPapers(dir, "client")
	if err != nil {
		return nil, err
	}
	_, _, stranger, err := newPapers(dir, "stranger")
	if err != nil {
		return nil, err
	}
	server, err := issue(ca, "nats")
	return &identity{
		client: files, stranger: stranger,
		// The job nats-tls asks for this curve and for a client's certificate.
		server: &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
			MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.CurveP384}},
		config: &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12},
	}, err
}

// newPapers makes a CA of its own for the name.
func newPapers(dir, name string) (ca pki.CA, certificate tls.Certificate, files papers, err error) {
	if ca, err = pki.NewCA("CA of " + name); err != nil {
		return ca, certificate, files, err
	}
	if certificate, err = issue(ca, name); err != nil {
		return ca, certificate, files, err
	}
	in := func(file string) string { return filepath.Join(dir, name+file) }
	files = papers{ca: in("-ca.crt"), certificate: in(".crt"), key: in(".key")}
	if err := os.WriteFile(files.ca, ca.PEM(), 0o600); err != nil {
		return ca, certificate, files, err
	}
	return ca, certificate, files, pki.Write(certificate, files.certificate, files.key)
}

// issue makes a certificate as CF's NATS has them, for servers and clients alike.
func issue(ca pki.CA, name string) (tls.Certificate, error) {
	return ca.Issue(name, x509.ExtKeyUsageAny, time.Now().Add(24*time.Hour), "localhost", "nats.service.cf.internal")
}
