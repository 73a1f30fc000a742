package bindtemplate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
)

func evaluate(t *testing.T, expression string) (string, error) {
	t.Helper()
	template, err := bindtemplate.Parse("bind.yaml", []byte("template: |\n  "+expression))
	if err != nil {
		return "", err
	}
	credentials, err := evaluator(t).Evaluate(t.Context(), template, json.RawMessage(sees))
	return string(credentials), err
}

// TestNoFiles tries to read a file that is there, in every way that Jsonnet has.
func TestNoFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret.libsonnet")
	if err := os.WriteFile(file, []byte(`"s3cr3t-of-the-broker"`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(file))
	for expression, path := range map[string]string{
		"local x = import %s; {a: x}": "secret.libsonnet",
		"{a: importstr %s}":           file,
		"{a: importbin %s}":           file,
		"{a: importstr  %s}":          "/proc/self/environ",
	} {
		credentials, err := evaluate(t, fmt.Sprintf(expression, strconv.Quote(path)))
		if err == nil || !strings.Contains(err.Error(), "import not available") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %s, error %v", expression, credentials, err)
		}
	}
	for _, expression := range []string{`{a: std.extVar("HOME")}`, `{a: std.native("readFile")("/etc/passwd")}`} {
		if credentials, err := evaluate(t, expression); err == nil {
			t.Errorf("%s yields %s", expression, credentials)
		}
	}
}

// TestLongCredentials are refused where an app couldn't start with them.
func TestLongCredentials(t *testing.T) {
	const frame = len(`{"a":""}`)
	if credentials, err := evaluate(t, `{a: std.repeat("x", `+strconv.Itoa(128<<10-frame)+`)}`); err != nil || len(credentials) != 128<<10 {
		t.Errorf("%d bytes, error %v", len(credentials), err)
	}
	_, err := evaluate(t, `{a: std.repeat("x", `+strconv.Itoa(128<<10-frame+1)+`)}`)
	if err == nil || !strings.Contains(err.Error(), "have 131073 bytes, and may have 131072 at most") {
		t.Errorf("error %v", err)
	}
}

// TestOnlyTheTemplateIsYielded: what the template sees and doesn't use may be
// larger than what it may yield, and isn't written out.
func TestOnlyTheTemplateIsYielded(t *testing.T) {
	template, err := bindtemplate.Parse("bind.yaml", []byte("template: '{n: std.length($.values.text), all: std.objectFields($)}'"))
	if err != nil {
		t.Fatal(err)
	}
	e := evaluator(t)
	e.Limits.Memory = 64 << 20
	got, err := e.Evaluate(t.Context(), template, json.RawMessage(`{"values": {"text": "`+strings.Repeat("x", 5<<20)+`"}}`))
	if want := `{"all":["template","values"],"n":5242880}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// TestMentions: only a template that names the values is given them.
func TestMentions(t *testing.T) {
	for expression, want := range map[string]bool{"{a: $.values.b}": true, `{a: $["values"]}`: true, "{a: std.objectValues($.secrets[0].data)}": false, "{}": false} {
		template, err := bindtemplate.Parse("bind.yaml", []byte("template: |\n  "+expression))
		if err != nil {
			t.Fatal(err)
		}
		if got := template.Mentions("values"); got != want {
			t.Errorf("%s: %t, want %t", expression, got, want)
		}
	}
}

// TestReads: what a template may see of a field, by whatever name, is there.
func TestReads(t *testing.T) {
	for expression, want := range map[string]bool{
		"{a: $.ingresses[0].spec}": true, `{a: $["ingresses"]}`: true, "{a: $}": true, "local all = $; all.x": true, `{a: $["ingr" + "esses"]}`: true, "$.values[$]": true,
		"std.prune(self)": true, "super[name]": true, `{a: std.extVar("sees")}`: true,
		"{a: $.hosts[0], b: $ .endpoints, c: $['secrets'], d: self.a}": false, "{}": false,
	} {
		if got := (bindtemplate.Template{Text: expression}).Reads("ingresses"); got != want {
			t.Errorf("%s: %t, want %t", expression, got, want)
		}
	}
}

// TestLongErrors are cut: a template may make any text an error.
func TestLongErrors(t *testing.T) {
	_, err := evaluate(t, `{a: error std.repeat("ä", 10000)}`)
	if err == nil || len(err.Error()) > 2500 || !strings.Contains(err.Error(), "RUNTIME ERROR: ä") {
		t.Errorf("error %.3000v", err)
	}
}

// TestNesting refuses what would take more stack to parse than the broker has.
// Without the bound the first ends the process.
func TestNesting(t *testing.T) {
	for _, level := range []string{"[", "(", "{a:", "!", "-", "local x = 1; ", "if true then ", "function(x) ", "assert true; ", "error "} {
		_, err := bindtemplate.Parse("bind.yaml", []byte("template: |\n  {a: "+strings.Repeat(level, 4000)))
		if err == nil || !strings.Contains(err.Error(), "holds more than 2000 brackets") {
			t.Errorf("%s: error %.300v", level, err)
		}
	}
	if got, err := evaluate(t, "{a: "+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"}"); err != nil {
		t.Errorf("%s, error %v", got, err)
	}
	_, err := bindtemplate.Parse("bind.yaml", []byte("template: '{}' #"+strings.Repeat(" ", 64<<10)))
	if err == nil || !strings.Contains(err.Error(), "may have 65536 at most") {
		t.Errorf("error %v", err)
	}
}
