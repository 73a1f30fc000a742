package discovery

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
	"os"
	"path/filepath"
	"time"
)

// identity is a CA, and the certificates that it has signed, in files.
type identity struct {
	caFile, clientFile, clientKeyFile             string
	strangerCAFile, strangerFile, strangerKeyFile string
	server                                        *tls.Config
	client                                        *tls.Config
}

func newIdentity(dir string) (*identity, error) {
	i := &identity{}
	pool := x509.NewCertPool()
	ca, err := newAuthority("NATS CA")
	if err != nil {
		return nil, err
	}
	pool.AddCert(ca.certificate)
	server, err := ca.sign("nats")
	if err != nil {
		return nil, err
	}
	// The job nats-tls asks for this curve and for a client's certificate.
	i.server = &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
		MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.CurveP384}}
	if i.caFile, err = write(dir, "ca.crt", "CERTIFICATE", ca.certificate.Raw); err != nil {
		return nil, err
	}
	client, err := ca.sign("client")
	if err != nil {
		return nil, err
	}
	i.client = &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: pool, MinVersion: tls.VersionTLS12}
	if i.clientFile, i.clientKeyFile, err = writePair(dir, "client", client); err != nil {
		return nil, err
	}
	return i, i.addStranger(dir)
}

func (i *identity) addStranger(dir string) error {
	other, err := newAuthority("another CA")
	if err != nil {
		return err
	}
	if i.strangerCAFile, err = write(dir, "stranger-ca.crt", "CERTIFICATE", other.certificate.Raw); err != nil {
		return err
	}
	stranger, err := other.sign("stranger")
	if err != nil {
		return err
	}
	i.strangerFile, i.strangerKeyFile, err = writePair(dir, "stranger", stranger)
	return err
}

func writePair(dir, name string, pair tls.Certificate) (certFile, keyFile string, err error) {
	if certFile, err = write(dir, name+".crt", "CERTIFICATE", pair.Certificate[0]); err != nil {
		return "", "", err
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return "", "", err
	}
	keyFile, err = write(dir, name+".key", "PRIVATE KEY", key)
	return certFile, keyFile, err
}

func write(dir, name, kind string, content []byte) (string, error) {
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}

// authority signs certificates for loopback that are good for a day.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(name string) (*authority, error) {
	template := templateOf(1, name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of %s: %w", name, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the certificate of %s: %w", name, err)
	}
	certificate, err := x509.ParseCertificate(der)
	return &authority{certificate, key}, err
}

func (a *authority) sign(name string) (tls.Certificate, error) {
	template := templateOf(2, name)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.DNSNames = []string{"localhost", "nats.service.cf.internal"}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making the key of %s: %w", name, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("signing the certificate of %s: %w", name, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func templateOf(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}
