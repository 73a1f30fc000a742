package helmsvc_test

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// sandboxed has the place's charts rendered by this program, as the broker does.
func (p *place) sandboxed() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	renderer := &render.Renderer{
		Workers: &sandbox.Workers{Command: []string{self, "sandbox"}},
		Limits:  sandbox.Limits{Time: 10 * time.Second, Memory: 128 << 20}, Output: 1 << 20,
	}
	p.Cluster, err = helmsvc.NewCluster(local.RESTConfig(), helmsvc.Config{
		Tenants: tenant.Config{Impersonate: true}, Releases: release.Config{Renderer: renderer},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// generating is a chart that generates values of each kind, in Secrets of each kind;
// more are further templates.
const generating = `{{ $password := randAlphaNum 16 }}
{{ $ca := genCA "ca" 365 }}
{{ $cert := genSignedCert "s" nil (list "s") 365 $ca }}
{{ $kept := lookup "v1" "Secret" .Release.Namespace "looked" }}
apiVersion: v1
kind: Secret
metadata: {name: plain}
stringData:
  password: {{ $password }}
  uri: db://user:{{ $password }}@host/{{ .Values.said }}
  told: {{ .Values.said }}
---
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
data: {tls.crt: {{ $cert.Cert | b64enc }}, tls.key: {{ $cert.Key | b64enc }}, ca.crt: {{ $ca.Cert | b64enc }}}
---
apiVersion: v1
kind: Secret
metadata: {name: looked}
data: {password: {{ dig "data" "password" (uuidv4 | b64enc) $kept }}}
---
apiVersion: v1
kind: Secret
metadata: {name: hooked, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}}
stringData: {password: {{ uuidv4 }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: also}
data: {text: "the password {{ $password }}", ca: {{ $ca.Cert | b64enc }}}
---
`

func (p *place) secretData(name string) map[string]string {
	p.t.Helper()
	secret, err := clients.CoreV1().Secrets(p.ns.Name).Get(p.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	data := map[string]string{}
	for key, value := range secret.Data {
		data[key] = string(value)
	}
	return data
}

// TestGeneratedIsKept updates a chart that looks nothing up, upgrades it, and goes back
// from a failed update on the way: no password and no certificate is another then.
func TestGeneratedIsKept(t *testing.T) {
	p := confined(t)
	p.sandboxed()
	generates := func(said, more string) chart.Rendered {
		values := map[string]any{"said": said}
		return chart.Rendered{Chart: chartOf("c", map[string]string{"c.yaml": generating + more}), Values: values, Again: values}
	}
	names := []string{"plain", "tls", "looked", "hooked"}
	before := map[string]map[string]string{}
	check := func(when, said string) {
		t.Helper()
		before["plain"]["told"] = said
		before["plain"]["uri"] = "db://user:" + before["plain"]["password"] + "@host/" + said
		for _, name := range names {
			if now := p.secretData(name); !maps.Equal(now, before[name]) {
				t.Errorf("%s the Secret %s has other values", when, name)
			}
		}
		also, err := clients.CoreV1().ConfigMaps(p.ns.Name).Get(t.Context(), "also", metav1.GetOptions{})
		if err != nil || also.Data["text"] != "the password "+before["plain"]["password"] {
			t.Errorf("%s the ConfigMap doesn't have the password, %v", when, err)
		}
	}
	if err := p.Install(t.Context(), p.target, generates("first", ""), nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		before[name] = p.secretData(name)
	}
	check("after the install", "first")
	if err := p.Upgrade(t.Context(), p.target, generates("second", ""), nil); err != nil {
		t.Fatal(err)
	}
	check("after an update", "second")
	newer := generates("second", secretNamed("more", `{password: {{ $password }}, new: {{ uuidv4 }}}`))
	newer.Chart.Metadata.Version = "1.1.0"
	if err := p.Upgrade(t.Context(), p.target, newer, nil); err != nil {
		t.Fatal(err)
	}
	check("after an upgrade", "second")
	more := p.secretData("more")
	if more["password"] != before["plain"]["password"] || len(more["new"]) != 36 {
		t.Error("the new version's Secret doesn't have the password, or nothing of its own")
	}
	before["more"], names = more, append(names, "more")
	revision, err := p.Revision(t.Context(), p.target)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, generates("third", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\ndata: [no map]\n"), nil); err == nil {
		t.Fatal("a broken update went well")
	}
	if err := p.Rollback(t.Context(), p.target, revision); err != nil {
		t.Fatal(err)
	}
	check("after going back", "second")
	anew := generates("second", "")
	anew.Again = nil
	if err := p.Upgrade(t.Context(), p.target, anew, nil); err != nil {
		t.Fatal(err)
	}
	if now := p.secretData("plain"); now["password"] == before["plain"]["password"] || !slices.Equal(slices.Sorted(maps.Keys(now)), []string{"password", "told", "uri"}) {
		t.Error("an update that is to keep nothing has kept the password")
	}
}

func secretNamed(name, data string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + "}\nstringData: " + data + "\n---\n"
}
