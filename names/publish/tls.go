package publish

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// tls reads the files; without NATS_CA_FILE it is nil.
func (s Settings) tls() (*tls.Config, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("NATS_CA_FILE: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("NATS_CA_FILE: there is no PEM certificate in " + s.CAFile)
	}
	config := &tls.Config{RootCAs: pool, ServerName: s.ServerName, MinVersion: tls.VersionTLS12}
	if s.CertFile == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("NATS_CERT_FILE and NATS_KEY_FILE: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
