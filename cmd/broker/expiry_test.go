package main

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/test/pki"
)

// TestCredentialsEnd: of each credential the first end counts, as the files are now, and
// what doesn't end, or can't be read, is left out.
func TestCredentialsEnd(t *testing.T) {
	early, late := time.Unix(1_900_000_000, 0).UTC(), time.Unix(1_900_009_999, 0).UTC()
	ca, err := pki.NewCA("test")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tls.crt")
	issued, err := ca.Issue("broker", x509.ExtKeyUsageClientAuth, early)
	if err != nil {
		t.Fatal(err)
	}
	if err := pki.Write(issued, file, filepath.Join(t.TempDir(), "tls.key")); err != nil {
		t.Fatal(err)
	}
	token := "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, late.Unix())) + ".x"
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		settings settings
		config   rest.Config
		want     map[string]time.Time
	}{
		"none":         {settings{}, rest.Config{BearerToken: "opaque"}, nil},
		"not a JWT":    {settings{}, rest.Config{BearerToken: "a.b.c"}, nil},
		"no file":      {settings{NATSCertFile: "/nowhere"}, rest.Config{BearerTokenFile: "/nowhere"}, nil},
		"NATS":         {settings{NATSCertFile: file}, rest.Config{}, map[string]time.Time{"NATS_CERT_FILE": early}},
		"TOKEN":        {settings{KubernetesSettings: KubernetesSettings{Server: "https://x"}}, rest.Config{BearerToken: token}, map[string]time.Time{"TOKEN": late}},
		"pod's own":    {settings{}, rest.Config{BearerToken: "older", BearerTokenFile: tokenFile}, map[string]time.Time{"service-account": late}},
		"the earliest": {settings{KubernetesSettings: KubernetesSettings{Kubeconfig: "k"}}, rest.Config{BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CertFile: file}}, map[string]time.Time{"KUBECONFIG": early}},
	} {
		t.Run(name, func(t *testing.T) {
			got := credentialsEnd(c.settings, &c.config, doorFiles{}, func() chart.Catalog { return chart.Catalog{} })
			if !maps.EqualFunc(got, c.want, time.Time.Equal) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
