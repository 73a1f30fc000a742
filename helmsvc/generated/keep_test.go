package generated_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/generated"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// yields is a rendered chart of one file.
func yields(text string) *helmchart.Chart {
	template := &helmchart.File{Name: "templates/x.yaml"}
	render.SetText(template, text)
	return &helmchart.Chart{Templates: []*helmchart.File{template}}
}

// twice renders a text in which NEW, PEM and KEY stand for what is generated.
func twice(text string) (first, second *helmchart.Chart) {
	as := func(n string) *helmchart.Chart {
		pem, key := pemOf("CERTIFICATE", "new"+n), pemOf("RSA PRIVATE KEY", "new"+n)
		return yields(strings.NewReplacer("NEW64", b64("new-password-"+n), "PEM64", b64(pem), "KEY64", b64(key), "NEW", "new-password-"+n).Replace(text))
	}
	return as("1"), as("2")
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func pemOf(kind, text string) string {
	return "-----BEGIN " + kind + "-----\n" + b64(text) + "\n-----END " + kind + "-----\n"
}

func secretOf(name, rest string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + "}\n" + rest + "\n---\n"
}

// TestKeep has one chart in each row, and what becomes of it where these Secrets are.
func TestKeep(t *testing.T) {
	certificate, key := pemOf("CERTIFICATE", "old"), pemOf("RSA PRIVATE KEY", "old")
	pair := map[string]string{"tls.crt": certificate, "tls.key": key}
	hook := "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: a, clientConfig: {caBundle: PEM64}}]\n"
	ca := func(text string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca}\ndata: {ca.crt: '-----BEGIN CERTIFICATE-----" + text + "'}\n---\n"
	}
	const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {text: 'is NEW', other: 'x'}\n"
	for name, c := range map[string]struct {
		text   string
		live   map[string]map[string]string
		before string
		want   string // with the old values
	}{
		"stringData":        {secretOf("a", "stringData: {p: NEW, q: told}"), map[string]map[string]string{"a": {"p": "old", "q": "was"}}, "", secretOf("a", "stringData: {p: old, q: told}")},
		"data":              {secretOf("a", "data: {p: NEW64}"), map[string]map[string]string{"a": {"p": "old"}}, "", secretOf("a", "data: {p: "+b64("old")+"}")},
		"bytes":             {secretOf("a", "stringData: {p: NEW}"), map[string]map[string]string{"a": {"p": "\xff\xfe"}}, "", secretOf("a", "stringData: {}\ndata: {p: "+b64("\xff\xfe")+"}")},
		"both":              {secretOf("a", "data: {p: NEW64}\nstringData: {p: NEW}"), map[string]map[string]string{"a": {"p": "old"}}, "", secretOf("a", "data: {p: "+b64("new-password-1")+"}\nstringData: {p: old}")},
		"no such Secret":    {secretOf("a", "stringData: {p: NEW}"), nil, "", secretOf("a", "stringData: {p: new-password-1}")},
		"a new key":         {secretOf("a", "stringData: {p: NEW, q: x-NEW}"), map[string]map[string]string{"a": {"p": "old"}}, "", secretOf("a", "stringData: {p: old, q: x-old}")},
		"in a longer text":  {secretOf("a", "stringData: {p: NEW, uri: 'db://u:NEW@moved'}"), map[string]map[string]string{"a": {"p": "old", "uri": "db://u:old@host"}}, "", secretOf("a", "stringData: {p: old, uri: 'db://u:old@moved'}")},
		"only in a text":    {secretOf("a", "stringData: {uri: 'db://u:NEW@moved'}"), map[string]map[string]string{"a": {"uri": "db://u:old@host"}}, "", secretOf("a", "stringData: {uri: 'db://u:old@host'}")},
		"two that match":    {secretOf("a", "data: {p: NEW64}") + secretOf("b", "stringData: {p: NEW}"), map[string]map[string]string{"a": {"p": "old"}, "b": {"p": "old"}}, "", secretOf("a", "data: {p: "+b64("old")+"}") + secretOf("b", "stringData: {p: old}")},
		"in a new Secret":   {secretOf("a", "data: {p: NEW64}") + secretOf("b", "stringData: {p: NEW}"), map[string]map[string]string{"a": {"p": "old"}}, "", secretOf("a", "data: {p: "+b64("old")+"}") + secretOf("b", "stringData: {p: old}")},
		"elsewhere":         {secretOf("a", "stringData: {p: NEW}") + config, map[string]map[string]string{"a": {"p": "old"}}, "", secretOf("a", "stringData: {p: old}") + strings.Replace(config, "NEW", "old", 1)},
		"in a list":         {"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {p: NEW}}]", map[string]map[string]string{"a": {"p": "old"}}, "", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {p: old}}]"},
		"another kind":      {strings.Replace(secretOf("a", "stringData: {p: NEW}"), "v1", "example.com/v1", 1), map[string]map[string]string{"a": {"p": "old"}}, "", strings.Replace(secretOf("a", "stringData: {p: new-password-1}"), "v1", "example.com/v1", 1)},
		"a generated name":  {secretOf("a-NEW", "stringData: {p: NEW}"), map[string]map[string]string{"a-old": {"p": "old"}}, "", secretOf("a-new-password-1", "stringData: {p: new-password-1}")},
		"a pair":            {secretOf("a", "type: kubernetes.io/tls\ndata: {tls.crt: PEM64, tls.key: KEY64}"), map[string]map[string]string{"a": pair}, "", secretOf("a", "type: kubernetes.io/tls\ndata: {tls.crt: "+b64(certificate)+", tls.key: "+b64(key)+"}")},
		"half a pair":       {secretOf("a", "data: {crt: PEM64, tls.key: KEY64, p: NEW64}"), map[string]map[string]string{"a": {"tls.key": key, "p": "old"}}, "", secretOf("a", "data: {crt: "+b64(pemOf("CERTIFICATE", "new1"))+", tls.key: "+b64(pemOf("RSA PRIVATE KEY", "new1"))+", p: "+b64("old")+"}")},
		"CA of a webhook":   {secretOf("a", "data: {ca: PEM64}") + hook, map[string]map[string]string{"a": {"ca": certificate}}, "", secretOf("a", "data: {ca: "+b64(certificate)+"}") + strings.Replace(hook, "PEM64", b64(certificate), 1)},
		"CA in no Secret":   {secretOf("a", "data: {tls.crt: PEM64}") + strings.Replace(hook, "PEM64", "NEW64", 1), map[string]map[string]string{"a": pair}, strings.Replace(hook, "PEM64", b64("its CA"), 1), secretOf("a", "data: {tls.crt: "+b64(certificate)+"}") + strings.Replace(hook, "PEM64", b64("its CA"), 1)},
		"CA of what is new": {secretOf("a", "data: {tls.crt: PEM64}") + hook, nil, strings.Replace(hook, "PEM64", b64("its CA"), 1), secretOf("a", "data: {tls.crt: "+b64(pemOf("CERTIFICATE", "new1"))+"}") + strings.Replace(hook, "PEM64", b64(pemOf("CERTIFICATE", "new1")), 1)},
		"CA for clients": {
			secretOf("a", "data: {tls.crt: PEM64}") + ca("NEW"), map[string]map[string]string{"a": pair}, ca("old"),
			secretOf("a", "data: {tls.crt: "+b64(certificate)+"}") + ca("old"),
		},
		"certificates of which one is new": {
			secretOf("a", "data: {tls.crt: PEM64, p: NEW64}") + secretOf("b", "data: {crt: PEM64}") + ca("NEW"), map[string]map[string]string{"a": {"tls.crt": certificate, "p": "old"}}, ca("was"),
			secretOf("a", "data: {tls.crt: "+b64(pemOf("CERTIFICATE", "new1"))+", p: "+b64("old")+"}") + secretOf("b", "data: {crt: "+b64(pemOf("CERTIFICATE", "new1"))+"}") + ca("old"),
		},
		"braces":   {secretOf("a", "stringData: {p: NEW, q: '{{ x }}'}"), map[string]map[string]string{"a": {"p": "{{ old"}}, "", secretOf("a", "stringData: {p: '{{ old', q: '{{ x }}'}")},
		"not YAML": {secretOf("a", "stringData: {p: NEW}") + "{NEW", map[string]map[string]string{"a": {"p": "old"}}, "", secretOf("a", "stringData: {p: old}") + "{new-password-1"},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := twice(c.text)
			_, err := generated.Keep(first, second, c.before, func(_, name string) (map[string][]byte, error) {
				data := map[string][]byte{}
				for key, value := range c.live[name] {
					data[key] = []byte(value)
				}
				return data, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := normal(render.TextOf(first.Templates[0])), normal(c.want); got != want {
				t.Errorf("it is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// normal writes each document in one way.
func normal(text string) string {
	var all []string
	for part := range strings.SplitSeq(text, "---\n") {
		var content any
		if yaml.Unmarshal([]byte(part), &content) == nil {
			written, _ := yaml.Marshal(content)
			part = string(written)
		}
		if strings.TrimSpace(part) != "" && part != "null\n" {
			all = append(all, strings.TrimSpace(part))
		}
	}
	return strings.Join(all, "\n---\n")
}

// TestKeepLeavesAlone what both renderings have: it isn't written anew, and no
// Secret is read for it.
func TestKeepLeavesAlone(t *testing.T) {
	const text = "# a comment\nkind: Secret\napiVersion: v1\nmetadata: {name: a}\nstringData: {p:   told}\n---\nkind: Job\nmetadata: {name: NEW}\n"
	first, second := twice(text)
	want := render.TextOf(first.Templates[0])
	if _, err := generated.Keep(first, second, "", func(string, string) (map[string][]byte, error) { return nil, errors.New("read") }); err != nil {
		t.Error(err)
	}
	if got := render.TextOf(first.Templates[0]); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
}

// TestKeepReadsNumbersAsTheyAre in what it writes anew.
func TestKeepReadsNumbersAsTheyAre(t *testing.T) {
	first, second := twice(secretOf("a", "stringData: {p: NEW}\nmetadata: {name: a, annotations: {a: '5', b: \"1e3\"}}\nimmutable: true\nbig: 9007199254740993"))
	_, err := generated.Keep(first, second, "", func(string, string) (map[string][]byte, error) {
		return map[string][]byte{"p": []byte("0123")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`p: "0123"`, `a: "5"`, `b: "1e3"`, "big: 9007199254740993"} {
		if got := render.TextOf(first.Templates[0]); !strings.Contains(got, want) {
			t.Errorf("%q isn't in\n%s", want, got)
		}
	}
}

// TestKeptValues: what a plan file has generated is in the values too.
func TestKeptValues(t *testing.T) {
	first, second := twice(secretOf("a", "stringData: {p: NEW}"))
	kept, err := generated.Keep(first, second, "", func(string, string) (map[string][]byte, error) { return map[string][]byte{"p": []byte("old")}, nil })
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{"auth": map[string]any{"password": "new-password-1", "n": 1.0}, "told": "new-password-1"}
	again := map[string]any{"auth": map[string]any{"password": "new-password-2", "n": 1.0}, "told": "new-password-1"}
	got := kept.In(values, again)
	if auth := got["auth"].(map[string]any); auth["password"] != "old" || auth["n"] != 1.0 || got["told"] != "new-password-1" {
		t.Errorf("the values are %v", got)
	}
}

// TestKeepIsBounded: a chart may generate thousands of values, and a long text with
// all of them, and takes no more than a moment; each is kept by itself.
func TestKeepIsBounded(t *testing.T) {
	const many = 5000
	renderedAs := func(n int) *helmchart.Chart {
		var text, all strings.Builder
		_, _ = text.WriteString("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n")
		for i := range many {
			_, _ = fmt.Fprintf(&text, "  k%d: value-%d-%d\n", i, i, n)
			_, _ = fmt.Fprintf(&all, "value-%d-%d ", i, n)
		}
		_, _ = fmt.Fprintf(&text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {text: %s}\n", strings.Repeat(all.String(), 10))
		return yields(text.String())
	}
	first, began := renderedAs(1), time.Now()
	live := map[string][]byte{}
	for i := range many {
		live[fmt.Sprintf("k%d", i)] = fmt.Appendf(nil, "old-%d", i)
	}
	if _, err := generated.Keep(first, renderedAs(2), "", func(string, string) (map[string][]byte, error) { return live, nil }); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if text := render.TextOf(first.Templates[0]); !strings.Contains(text, "k4999: old-4999\n") {
		t.Error("the last value isn't kept")
	}
}
