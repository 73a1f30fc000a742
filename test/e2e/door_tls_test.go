package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/pki"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

func newCA(t *testing.T, name string) pki.CA {
	t.Helper()
	ca, err := pki.NewCA(name)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func issue(t *testing.T, ca pki.CA, name string, usage x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	certificate, err := ca.Issue(name, usage, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// trusting is a client that trusts the CA alone, connects anew with each
// request, and shows the certificate if there is one.
func (f *foundation) trusting(ca pki.CA, certificates ...tls.Certificate) *rig.Client {
	other := *f.Client
	other.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Certificates: certificates}}}
	return &other
}

// TestDoorCertificate changes the broker's certificate while clients that check
// it connect.
func TestDoorCertificate(t *testing.T) {
	ca, folder := newCA(t, "servers"), t.TempDir()
	certificate, key := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	if err := pki.Write(issue(t, ca, "first", x509.ExtKeyUsageServerAuth), certificate, key); err != nil {
		t.Fatal(err)
	}
	f := newFoundation(t, "charts", map[string]string{"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": key})
	f.Client = f.trusting(ca)
	stop := f.steady(f.Client)
	f.awaitCertificate("first")
	for _, name := range []string{"second", "third"} {
		f.must(pki.Write(issue(t, ca, name, x509.ExtKeyUsageServerAuth), certificate, key))
		f.awaitCertificate(name)
	}
	replace(t, key, "s3cr3t")
	f.eventually("/readyz tells of the broken key", func() bool { return f.files()["TLS_CERT_FILE"] != "ok" })
	f.awaitCertificate("third")
	f.must(pki.Write(issue(t, ca, "fourth", x509.ExtKeyUsageServerAuth), certificate, key))
	f.awaitCertificate("fourth")
	stop()
	if strings.Contains(f.broker.Log(), "s3cr3t") {
		t.Error("the log quotes the broken key")
	}
}

// awaitCertificate waits until new connections get the certificate of the name.
func (f *foundation) awaitCertificate(name string) {
	f.t.Helper()
	f.eventually("the certificate is "+name, func() bool {
		answer, err := f.HTTP.Get(f.URL + "/healthz")
		f.must(err)
		_ = answer.Body.Close()
		return answer.TLS.PeerCertificates[0].Subject.CommonName == name
	})
}

// TestDoorMutualTLS lets nobody in who has the password alone.
func TestDoorMutualTLS(t *testing.T) {
	ca, clients, others, folder := newCA(t, "servers"), newCA(t, "clients"), newCA(t, "others"), t.TempDir()
	certificate, key, cas := filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"), filepath.Join(folder, "ca.crt")
	if err := errors.Join(pki.Write(issue(t, ca, "broker", x509.ExtKeyUsageServerAuth), certificate, key), os.WriteFile(cas, clients.PEM(), 0o600)); err != nil {
		t.Fatal(err)
	}
	f := newFoundation(t, "charts", map[string]string{"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": key, "TLS_CLIENT_CA_FILE": cas})
	bare := f.trusting(ca)
	platform := f.trusting(ca, issue(t, clients, "platform", x509.ExtKeyUsageClientAuth))
	for path, method := range map[string]string{"/v2/catalog": http.MethodGet, "/admin/charts/reload": http.MethodPost, "/metrics": http.MethodGet, "/readyz": http.MethodGet} {
		if refused := f.want(403)(bare.Send(t.Context(), method, path, nil)); !strings.Contains(refused.Description(), "client certificate is needed") {
			t.Errorf("%s without a certificate: %s", path, refused.Body)
		}
		f.want(200)(platform.Send(t.Context(), method, path, nil))
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+path, nil)
		f.must(err)
		f.want(200)(bare.Do(request))
	}
	stranger := f.trusting(ca, issue(t, others, "platform", x509.ExtKeyUsageClientAuth))
	f.want(403)(stranger.Send(t.Context(), http.MethodGet, "/v2/catalog", nil))
	f.Client = platform
	f.fetchCatalog()
	i := f.create("fixture", "plain", nil)

	// The CA changes, as the password does: both, then the new one alone.
	stop := f.steady(platform)
	replace(t, cas, string(clients.PEM())+string(others.PEM()))
	with := f.trusting(ca, issue(t, others, "platform", x509.ExtKeyUsageClientAuth))
	f.eventually("certificates of the new CA open the door", func() bool {
		answer, err := with.Send(t.Context(), http.MethodGet, "/v2/catalog", nil)
		return err == nil && answer.Status == 200
	})
	stop()
	f.Client = with
	replace(t, cas, string(others.PEM()))
	f.eventually("certificates of the old CA don't open the door", func() bool {
		answer, err := platform.Send(t.Context(), http.MethodGet, "/v2/catalog", nil)
		return err == nil && answer.Status == 403
	})
	f.delete(i)
}
