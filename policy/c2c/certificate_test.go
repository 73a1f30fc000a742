package c2c_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// TestCertificates says what is to be done about each kind of bad certificate.
func TestCertificates(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*x509.Certificate)
		want string
	}{
		"expired":      {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "have the certificate of 127.0.0.1"},
		"of other":     {func(c *x509.Certificate) { c.IPAddresses = nil; c.DNSNames = []string{"api.example.com"} }, "CF_API_ADDRESS must hold a name that the certificate is for"},
		"unknown's CA": {func(*x509.Certificate) {}, "(SSL_CERT_FILE), or set CF_SKIP_SSL_VALIDATION"},
	} {
		t.Run(name, func(t *testing.T) {
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1),
				NotBefore:    time.Now().Add(-time.Hour),
				NotAfter:     time.Now().Add(time.Hour),
				IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
			}
			c.edit(template)
			with := c2c.Settings{Settings: cfapi.Settings{CFAPIAddress: serveWith(t, template), ClientID: "x", ClientSecret: "y", Timeout: time.Minute}}
			_, err := c2c.New(with, func(string, error) {}).List(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func serveWith(t *testing.T, template *x509.Certificate) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}
