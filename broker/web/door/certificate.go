package door

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"code.cloudfoundry.org/lager/v3"
)

// FollowCertificate reads a server's certificate chain and key.
func FollowCertificate(setting, certificate, key string, log lager.Logger) (*Followed[*tls.Certificate], error) {
	return follow(setting, log, func(texts [][]byte) (*tls.Certificate, error) {
		pair, err := tls.X509KeyPair(texts[0], texts[1])
		return &pair, err
	}, certificate, key)
}

// FollowClientCAs reads the certificates of the CAs that clients' certificates
// have to come from.
func FollowClientCAs(setting, path string, log lager.Logger) (*Followed[*x509.CertPool], error) {
	return follow(setting, log, func(texts [][]byte) (*x509.CertPool, error) { return parseCAs(texts[0]) }, path)
}

// parseCAs wants each of the certificates to be readable: x509's own reader
// passes over those that aren't, and their clients would be shut out.
func parseCAs(text []byte) (*x509.CertPool, error) {
	pool, found := x509.NewCertPool(), false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("it holds something else than certificates; only those of CAs belong there")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("one of its certificates can't be read")
		}
		pool.AddCert(certificate)
		found = true
	}
	if !found {
		return nil, errors.New("it holds no PEM certificate")
	}
	return pool, nil
}

// TLSConfig serves the certificate as it is now and, unless clientCAs is nil,
// asks clients for theirs. It has them prove that it is theirs, and no more:
// health checks have none, and a client whose handshake is broken off seldom
// learns why. Admit is who looks at it.
func TLSConfig(certificate *Followed[*tls.Certificate], clientCAs *Followed[*x509.CertPool]) *tls.Config {
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate.Value(), nil },
	}
	if clientCAs == nil {
		return config
	}
	asking := config.Clone()
	asking.ClientAuth = tls.RequestClientCert
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := asking.Clone()
		now.ClientCAs = clientCAs.Value() // tells clients which certificate to choose
		return now, nil
	}
	return config
}

// verifyClient checks the certificate against the CAs as they are now, at each
// request: a connection or session may be older than they are.
func verifyClient(state *tls.ConnectionState, clientCAs *x509.CertPool) error {
	if state == nil || len(state.PeerCertificates) == 0 {
		return errNoCertificate
	}
	between := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		between.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: clientCAs, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

var errNoCertificate = errors.New("there is no client certificate")
