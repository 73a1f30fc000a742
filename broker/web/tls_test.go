package web_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
	"github.com/cf-helm-broker/cf-helm-broker/test/pki"
)

// office is a server with files that a test changes.
type office struct {
	t                *testing.T
	server, clients  pki.CA
	certificate, key string // files
	clientCAs        string
	followed         *door.Followed[*tls.Certificate]
	followedCAs      *door.Followed[*x509.CertPool]
	address          string
	log              bytes.Buffer
}

func newOffice(t *testing.T, mutual bool) *office {
	o := &office{t: t, server: newCA(t, "servers"), clients: newCA(t, "clients")}
	folder := t.TempDir()
	o.certificate, o.key, o.clientCAs = filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"), filepath.Join(folder, "ca.crt")
	o.must(errors.Join(pki.Write(o.serverCertificate("first"), o.certificate, o.key), os.WriteFile(o.clientCAs, o.clients.PEM(), 0o600)))
	log := lager.NewLogger("test")
	log.RegisterSink(lager.NewWriterSink(&o.log, lager.DEBUG))
	var err error
	o.followed, err = door.FollowCertificate("TLS_CERT_FILE", o.certificate, o.key, log)
	o.must(err)
	if mutual {
		o.followedCAs, err = door.FollowClientCAs("TLS_CLIENT_CA_FILE", o.clientCAs, log)
		o.must(err)
	}
	registry := prometheus.NewRegistry()
	handler := web.Handler(web.Options{
		Broker: repeating{}, Readiness: quiet(), Registry: registry, Log: lager.NewLogger("test"), RequestLimit: time.Minute, RequestsAtOnce: 10,
		Door: door.New(door.Options{Fixed: door.NewCredentials("u", "p"), ClientCAs: o.followedCAs, FailuresPerMinute: 3, Registry: registry}),
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	o.must(err)
	server := &http.Server{Handler: handler, TLSConfig: door.TLSConfig(o.followed, o.followedCAs), ErrorLog: stdlog.New(io.Discard, "", 0)}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	o.address = listener.Addr().String()
	return o
}

func newCA(t *testing.T, name string) pki.CA {
	t.Helper()
	ca, err := pki.NewCA(name)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) serverCertificate(name string) tls.Certificate {
	o.t.Helper()
	certificate, err := o.server.Issue(name, x509.ExtKeyUsageServerAuth, time.Now().Add(time.Hour))
	o.must(err)
	return certificate
}

// client shows the certificate, if there is one, even where the server says
// that it trusts others.
func (o *office) client(certificate *tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: o.server.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(10)}
	if certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
	o.t.Cleanup(client.CloseIdleConnections)
	return client
}

// ask returns the status, the body and the name in the server's certificate.
func (o *office) ask(client *http.Client, path, password string) (status int, body, name string, err error) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, "https://"+o.address+path, nil)
	o.must(err)
	request.Header.Set("X-Broker-API-Version", "2.17")
	if password != "" {
		request.SetBasicAuth("u", password)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), answer.TLS.PeerCertificates[0].Subject.CommonName, err
}

// TestCertificateChanges serves the newest pair that can be used.
func TestCertificateChanges(t *testing.T) {
	o := newOffice(t, false)
	early := o.client(nil)
	serves := func(want string) {
		t.Helper()
		status, _, name, err := o.ask(o.client(nil), "/healthz", "")
		if err != nil || status != http.StatusOK || name != want {
			t.Errorf("it serves %q (%d, %v), want %q", name, status, err, want)
		}
	}
	_, _, _, err := o.ask(early, "/healthz", "")
	o.must(err)
	serves("first")
	o.must(pki.Write(o.serverCertificate("second"), o.certificate, o.key))
	serves("first") // nobody has looked
	o.followed.Refresh()
	serves("second")
	for _, c := range []struct {
		name   string
		change func() error
	}{
		{"key of another", func() error {
			return pki.Write(o.serverCertificate("third"), o.certificate, filepath.Join(t.TempDir(), "other"))
		}},
		{"nonsense", func() error { return os.WriteFile(o.key, []byte("s3cr3t"), 0o600) }},
		{"no key", func() error { return os.Remove(o.key) }},
	} {
		o.log.Reset()
		o.must(c.change())
		o.followed.Refresh()
		o.followed.Refresh()
		serves("second")
		if o.followed.Problem() == nil || strings.Count(o.log.String(), "not-read-again") != 1 || strings.Contains(o.log.String(), "s3cr3t") {
			t.Errorf("%s: the problem is %v, the log says %s", c.name, o.followed.Problem(), o.log.String())
		}
	}
	o.must(pki.Write(o.serverCertificate("fourth"), o.certificate, o.key))
	o.followed.Refresh()
	serves("fourth")
	if _, _, name, err := o.ask(early, "/healthz", ""); err != nil || name != "first" {
		t.Errorf("a connection from before has %q (%v)", name, err)
	}
}

// TestMutualTLS asks for a certificate before it listens to passwords, except
// for health.
func TestMutualTLS(t *testing.T) {
	o := newOffice(t, true)
	issue := func(ca pki.CA, usage x509.ExtKeyUsage, until time.Duration) *tls.Certificate {
		certificate, err := ca.Issue("platform", usage, time.Now().Add(until))
		o.must(err)
		return &certificate
	}
	right := issue(o.clients, x509.ExtKeyUsageClientAuth, time.Hour)
	for name, c := range map[string]struct {
		certificate    *tls.Certificate
		path, password string
		status         int // 0: there is no connection
		words          string
	}{
		"right":                {right, "/v2/nothing", "p", http.StatusNotFound, ""},
		"right, metrics":       {right, "/metrics", "p", http.StatusOK, "no-certificate"},
		"right, wrong word":    {right, "/v2/catalog", "guess", http.StatusUnauthorized, "wrong credentials"},
		"right, no word":       {right, "/v2/catalog", "", http.StatusUnauthorized, "no credentials"},
		"none":                 {nil, "/v2/catalog", "p", http.StatusForbidden, "a client certificate is needed"},
		"none, metrics":        {nil, "/metrics", "p", http.StatusForbidden, "a client certificate is needed"},
		"none, all of readyz":  {nil, "/readyz", "p", http.StatusForbidden, "a client certificate is needed"},
		"none, readyz":         {nil, "/readyz", "", http.StatusOK, `{"ready":true}`},
		"none, healthz":        {nil, "/healthz", "", http.StatusOK, "ok"},
		"of another CA":        {issue(o.server, x509.ExtKeyUsageClientAuth, time.Hour), "/v2/catalog", "p", http.StatusForbidden, "isn't from a CA"},
		"of a namesake":        {issue(newCA(t, "clients"), x509.ExtKeyUsageClientAuth, time.Hour), "/v2/catalog", "p", http.StatusForbidden, "isn't from a CA"},
		"expired":              {issue(o.clients, x509.ExtKeyUsageClientAuth, -time.Hour), "/v2/catalog", "p", http.StatusForbidden, "it has expired"},
		"a server's":           {issue(o.clients, x509.ExtKeyUsageServerAuth, time.Hour), "/v2/catalog", "p", http.StatusForbidden, "isn't meant for clients"},
		"of another, unasked":  {issue(o.server, x509.ExtKeyUsageClientAuth, time.Hour), "/healthz", "", http.StatusOK, "ok"},
		"a stolen one, no key": {&tls.Certificate{Certificate: right.Certificate, PrivateKey: issue(o.clients, x509.ExtKeyUsageClientAuth, time.Hour).PrivateKey}, "/v2/catalog", "p", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, _, err := o.ask(o.client(c.certificate), c.path, c.password)
			if (err != nil) != (c.status == 0) || status != c.status || err == nil && !strings.Contains(body, c.words) || err != nil && !strings.Contains(err.Error(), c.words) {
				t.Errorf("answered %d %.200s (%v), want %d and %q", status, body, err, c.status, c.words)
			}
		})
	}
	// Without a certificate nobody uses up the guesses of the address.
	for range 10 {
		if status, _, _, err := o.ask(o.client(nil), "/v2/catalog", "guess"); err != nil || status != http.StatusForbidden {
			t.Errorf("a guess got %d (%v)", status, err)
		}
	}
	if status, _, _, err := o.ask(o.client(right), "/v2/nothing", "p"); err != nil || status != http.StatusNotFound {
		t.Errorf("after them the platform gets %d (%v)", status, err)
	}
}

// TestClientCAChanges holds for connections and sessions from before, too.
func TestClientCAChanges(t *testing.T) {
	o := newOffice(t, true)
	next := newCA(t, "next")
	oldCertificate, err := o.clients.Issue("platform", x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	o.must(err)
	newCertificate, err := next.Issue("platform", x509.ExtKeyUsageClientAuth, time.Now().Add(time.Hour))
	o.must(err)
	before, after := o.client(&oldCertificate), o.client(&newCertificate)
	expect := func(what string, client *http.Client, want int) {
		t.Helper()
		status, body, _, err := o.ask(client, "/v2/nothing", "p")
		if status != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %d %s (%v), want %d", what, status, body, err, want)
		}
	}
	expect("the old certificate", before, http.StatusNotFound)
	expect("the new one, too early", after, http.StatusForbidden)
	o.must(os.WriteFile(o.clientCAs, append(o.clients.PEM(), next.PEM()...), 0o600))
	o.followedCAs.Refresh()
	expect("both: the old one", before, http.StatusNotFound)
	expect("both: the new one", after, http.StatusNotFound)
	for _, bad := range []string{"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		o.must(os.WriteFile(o.clientCAs, []byte(bad), 0o600))
		o.followedCAs.Refresh()
		if o.followedCAs.Problem() == nil {
			t.Errorf("%q is taken for CAs", bad)
		}
		expect("a broken file keeps the CAs", before, http.StatusNotFound)
	}
	o.must(os.WriteFile(o.clientCAs, next.PEM(), 0o600))
	o.followedCAs.Refresh()
	expect("the old one, on its old connection", before, http.StatusForbidden)
	before.CloseIdleConnections()
	expect("the old one, connected again", before, http.StatusForbidden)
	expect("the new one", after, http.StatusNotFound)
}
