package generated_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/generated"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
)

// TestForesee finds what an update changes though nothing else is new.
func TestForesee(t *testing.T) {
	const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {text: 'is NEW'}\n---\n"
	const hook = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: a, clientConfig: {caBundle: NEW64}}]\n---\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":             {secretOf("a", "stringData: {p: told}"), nil},
		"a Secret's":          {secretOf("a", "stringData: {p: NEW, q: 'x NEW'}\ndata: {r: NEW64}"), nil},
		"only in a text":      {secretOf("a", "stringData: {text: 'something that is told NEW and more of it'}"), []string{"a data.text"}},
		"a Secret's label":    {secretOf("a", "metadata: {name: a, labels: {l: NEW}}"), []string{"a metadata.labels.l"}},
		"a ConfigMap's":       {config, []string{"c data.text"}},
		"also a ConfigMap's":  {secretOf("a", "stringData: {p: NEW}") + config, nil},
		"in a list":           {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, env: [{name: A, value: NEW}, {value: NEW}]}]}", []string{"p spec.containers.[c].env.[A].value", "p spec.containers.[c].env.[1].value"}},
		"a name":              {strings.Replace(config, "name: c", "name: c-NEW", 1), []string{"c-new-password-1 metadata.name"}},
		"a webhook's CA":      {secretOf("a", "data: {tls.crt: PEM64}") + hook, nil},
		"a CA without Secret": {hook, []string{"w webhooks.[a].clientConfig.caBundle"}},
		"not YAML":            {"{NEW", nil},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := twice(c.text)
			was, is := render.TextOf(first.Templates[0]), render.TextOf(second.Templates[0])
			changes, err := generated.Foresee(first, second)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, c.Name+" "+strings.Join(c.Path, "."))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("foreseen are %q, want %q", got, c.want)
			}
			if render.TextOf(first.Templates[0]) != was || render.TextOf(second.Templates[0]) != is {
				t.Error("what was rendered has changed")
			}
		})
	}
}
