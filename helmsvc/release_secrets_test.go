package helmsvc_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func packed(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// forge adds a record of a later revision, as whoever may write Secrets in the
// namespace could.
func (p *place) forge(version int, text string) {
	p.t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("sh.helm.release.v1.%s.v%d", p.target.Release, version),
			Labels: map[string]string{"owner": "helm", "name": p.target.Release, "version": fmt.Sprint(version), "status": "deployed"},
		},
		Type: "helm.sh/release.v1", StringData: map[string]string{"release": text},
	}
	if _, err := clients.CoreV1().Secrets(p.ns.Name).Create(p.t.Context(), secret, metav1.CreateOptions{}); err != nil {
		p.t.Fatal(err)
	}
}

// TestForgedRecords has records that Helm can't cope with beside the release's
// own: they change nothing, and nothing is in the way of an uninstall.
func TestForgedRecords(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":             "%%%",
		"nothing":             `{}`,
		"no info":             `{"name":"RELEASE","namespace":"NAMESPACE","version":9,"chart":{"metadata":{"name":"c"}}}`,
		"null hook":           `{"name":"RELEASE","namespace":"NAMESPACE","version":9,"info":{"status":"deployed"},"chart":{"metadata":{"name":"c"}},"hooks":[null]}`,
		"another's namespace": `{"name":"RELEASE","namespace":"kube-system","version":9,"info":{"status":"deployed"},"chart":{"metadata":{"name":"c"}}}`,
		"huge":                strings.Repeat(" ", 33<<20),
	} {
		t.Run(name, func(t *testing.T) {
			p := confined(t)
			if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil {
				t.Fatal(err)
			}
			p.forge(9, packed(strings.NewReplacer("RELEASE", p.target.Release, "NAMESPACE", p.ns.Name).Replace(text)))
			if revision, err := p.Revision(t.Context(), p.target); revision != 1 || err != nil {
				t.Errorf("revision %d, %v", revision, err)
			}
			if err := p.Upgrade(t.Context(), p.target, rendered(mapOf, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"), nil); err != nil {
				t.Error(err)
			}
			if err := p.Rollback(t.Context(), p.target, 1); err != nil {
				t.Error(err)
			}
			if err := p.Uninstall(t.Context(), p.target); err != nil {
				t.Error(err)
			}
		})
	}
}
