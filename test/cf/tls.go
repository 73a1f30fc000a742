package cf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// selfMadeTLS makes a CA and a server certificate signed by it, good for a day
// and for loopback and the host of address. It returns the CA's certificate in
// PEM beside the server's configuration.
func selfMadeTLS(address string) (*tls.Config, []byte, error) {
	caTemplate := certificateTemplate(1, "Cloud Foundry stand-in CA")
	caTemplate.IsCA = true
	caTemplate.BasicConstraintsValid = true
	caTemplate.KeyUsage = x509.KeyUsageCertSign
	ca, caKey, err := sign(caTemplate, nil, nil)
	if err != nil {
		return nil, nil, err
	}

	template := certificateTemplate(2, "Cloud Foundry stand-in")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	template.DNSNames = []string{"localhost"}
	addHost(template, address)
	leaf, key, err := sign(template, ca, caKey)
	if err != nil {
		return nil, nil, err
	}

	certificate := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return config, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}), nil
}

func certificateTemplate(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

func addHost(template *x509.Certificate, address string) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
		return
	}
	template.DNSNames = append(template.DNSNames, host)
}

// sign makes a key and a certificate for it, self-signed without a parent.
func sign(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key for %s: %w", template.Subject.CommonName, err)
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, nil, fmt.Errorf("signing the certificate of %s: %w", template.Subject.CommonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("reading back the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return certificate, key, nil
}
