package publish_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// TestRefused says why NATS isn't connected, and what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := startDiscovery(t, discovery.Options{})
	plain := startDiscovery(t, discovery.Options{Plain: true})
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := deaf.Close(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		change func(*publish.Settings)
		want   string
	}{
		"another CA's certificate": {func(o *publish.Settings) { o.CertFile, o.KeyFile = s.StrangerCertFile(), s.StrangerKeyFile() }, "NATS refuses the client's certificate: NATS_CERT_FILE must be a valid one that is signed by NATS' CA"},
		"no certificate":           {func(o *publish.Settings) { o.CertFile, o.KeyFile = "", "" }, "NATS refuses the client's certificate"},
		"another password":         {func(o *publish.Settings) { o.Password = "wrong" }, "NATS refuses the user: check NATS_USER and NATS_PASSWORD"},
		"no user":                  {func(o *publish.Settings) { o.User, o.Password = "", "" }, "NATS refuses the user: check NATS_USER and NATS_PASSWORD"},
		"a CA that isn't NATS'":    {func(o *publish.Settings) { o.CAFile = s.StrangerCAFile() }, "Put the CA that has signed the NATS servers' certificates"},
		"another server's name":    {func(o *publish.Settings) { o.ServerName = "nats.example.com" }, "or set NATS_SERVER_NAME to a name that these hold"},
		"TLS on a plain port":      {func(o *publish.Settings) { o.Servers = plain.Servers() }, "It speaks without TLS there: use the port of CF's job nats-tls, usually 4224"},
		"no TLS on a TLS port":     {func(o *publish.Settings) { o.CAFile, o.CertFile, o.KeyFile = "", "", "" }, "It asks for TLS: set NATS_CA_FILE, NATS_CERT_FILE and NATS_KEY_FILE"},
		"nobody there":             {func(o *publish.Settings) { o.Servers = []string{deaf.Addr().String()} }, "No server takes connections there: check NATS_SERVERS"},
		"a file that is gone":      {func(o *publish.Settings) { o.KeyFile = "/nonexistent" }, "NATS_CERT_FILE and NATS_KEY_FILE: open /nonexistent"},
	} {
		t.Run(what, func(t *testing.T) {
			settings := settingsFor(s)
			c.change(&settings)
			p, _ := startPublisher(t, settings)
			discovery.Await(t, 30*time.Second, "the reason", func() string {
				err := p.Problem()
				if err != nil && strings.Contains(err.Error(), c.want) && strings.Contains(err.Error(), settings.Servers[0]) {
					return ""
				}
				return fmt.Sprint(err)
			})
			if secret := p.Problem().Error(); strings.Contains(secret, s.Password()) {
				t.Errorf("it tells the password: %s", secret)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	s := startDiscovery(t, discovery.Options{})
	good := settingsFor(s)
	if err := good.Check(); err != nil {
		t.Errorf("good ones: %v", err)
	}
	for what, c := range map[string]struct {
		change func(*publish.Settings)
		want   string
	}{
		"no server":       {func(o *publish.Settings) { o.Servers = nil }, "NATS_SERVERS is needed"},
		"no port":         {func(o *publish.Settings) { o.Servers = []string{"nats.service.cf.internal"} }, `"nats.service.cf.internal" must be host:port`},
		"port 0":          {func(o *publish.Settings) { o.Servers = []string{"nats:0"} }, "must be host:port"},
		"a scheme":        {func(o *publish.Settings) { o.Servers = []string{"nats://u:secret@nats:4222"} }, `"…@nats:4222" must be host:port, without a scheme`},
		"a user":          {func(o *publish.Settings) { o.Servers = []string{"u:secret@nats:4222"} }, `"…@nats:4222" must be host:port`},
		"half a user":     {func(o *publish.Settings) { o.Password = "" }, "NATS_USER and NATS_PASSWORD go together"},
		"half a pair":     {func(o *publish.Settings) { o.KeyFile = "" }, "NATS_CERT_FILE and NATS_KEY_FILE go together"},
		"no CA":           {func(o *publish.Settings) { o.CAFile = "" }, "NATS_CERT_FILE and NATS_KEY_FILE need NATS_CA_FILE"},
		"a name, no CA":   {func(o *publish.Settings) { *o = publish.Settings{Servers: o.Servers, ServerName: "x"} }, "NATS_SERVER_NAME needs NATS_CA_FILE"},
		"no file":         {func(o *publish.Settings) { o.CAFile = "/nonexistent" }, "NATS_CA_FILE: open /nonexistent"},
		"no PEM":          {func(o *publish.Settings) { o.CAFile = notPEM(t) }, "NATS_CA_FILE: there is no PEM certificate in "},
		"another's key":   {func(o *publish.Settings) { o.KeyFile = s.StrangerKeyFile() }, "private key does not match"},
		"a key without -": {func(o *publish.Settings) { o.CertFile = notPEM(t) }, "NATS_CERT_FILE and NATS_KEY_FILE: "},
	} {
		settings := good
		c.change(&settings)
		err := settings.Check()
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

func notPEM(t *testing.T) string {
	t.Helper()
	path := t.TempDir() + "/not.pem"
	if err := os.WriteFile(path, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
