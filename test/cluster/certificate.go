package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// pair is a certificate and its private key, PEM encoded.
type pair struct{ cert, key []byte }

// authority signs the cluster's certificates.
type authority struct {
	encoded pair
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	request := newRequest(pkix.Name{CommonName: "local cluster"})
	request.IsCA, request.BasicConstraintsValid = true, true
	request.KeyUsage |= x509.KeyUsageCertSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the cluster's certificate authority: %w", err)
	}
	encoded, err := sign(request, request, key, key)
	if err != nil {
		return nil, fmt.Errorf("making the cluster's certificate authority: %w", err)
	}
	return &authority{encoded: encoded, cert: request, key: key}, nil
}

// server makes the API server's certificate, good for loopback and for the names that pods use.
func (a *authority) server() (pair, error) {
	request := newRequest(pkix.Name{CommonName: "kube-apiserver"})
	request.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	request.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	request.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	return a.issue(request)
}

// admin makes a client certificate with every right, for a user of the given name.
func (a *authority) admin(user string) (pair, error) {
	request := newRequest(pkix.Name{CommonName: user, Organization: []string{"system:masters"}})
	request.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(request)
}

func (a *authority) issue(request *x509.Certificate) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("making a key for %s: %w", request.Subject.CommonName, err)
	}
	return sign(request, a.cert, key, a.key)
}

func newRequest(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      subject,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func sign(request, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, request, parent, &key.PublicKey, parentKey)
	if err != nil {
		return pair{}, fmt.Errorf("signing the certificate of %s: %w", request.Subject.CommonName, err)
	}
	encoded, err := encodeKey(key)
	if err != nil {
		return pair{}, err
	}
	return pair{cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: encoded}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
