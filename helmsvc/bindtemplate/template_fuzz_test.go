package bindtemplate

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzTemplate reads any bind.yaml, and evaluates it in this process, with
// little stack. What takes long by itself is left to the process that
// evaluations have otherwise.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"template: '{}'", "template: |\n  {a: $.secrets[0].data.password}", "# a comment\ntemplate: >\n  local x = $.services; {\n  host: x[0].spec.clusterIP, }",
		"template: |\n  local ours(objects) = std.filter(function(object) std.endsWith(object.name, \"-redis\"), objects)[0];\n  {host: ours($.services).spec.clusterIP, uri: \"redis://%(host)s\" % self}\n",
		"template: 'import \"/etc/passwd\"'", "template: '{a: importstr \"/etc/passwd\"}'", "template: 'local f(x) = f(x + 1); {a: f(1)}'",
		"template: '{a: 1} // the end'", "template: '[1]'", "other: x", "- template", "template: &a [*a]", "template: 'x", "", "template: \"{a: '\\u0000'}\"", "template: '{a: error \"x\"}'",
		"template: '{a:: 1, b: self.a, [c]: $}'", "template: '}, template: {'", "template: '{a: 1}, other: 2'",
	} {
		f.Add([]byte(seed))
	}
	sees := json.RawMessage(`{"secrets":[{"name":"x","data":{"password":"s3cr3t"}}],"services":[{"name":"k-redis","spec":{"clusterIP":"10.255.0.7"}}]}`)
	f.Fuzz(func(t *testing.T, text []byte) {
		template, err := Parse("bind.yaml", text)
		if err != nil {
			short(t, err)
			return
		}
		if len(text) > 1000 || strings.Contains(template.Text, "std") || strings.Contains(template.Text, "*") {
			return
		}
		credentials, err := template.evaluateWithin(30, sees)
		if err != nil {
			short(t, err)
			return
		}
		var object map[string]any
		if err := json.Unmarshal(credentials, &object); err != nil || object == nil {
			t.Errorf("yields %s: %v", credentials, err)
		}
	})
}

func short(t *testing.T, err error) {
	t.Helper()
	if len(err.Error()) > 3000 {
		t.Errorf("an error of %d bytes: %.300q", len(err.Error()), err)
	}
}

// FuzzSees hands templates any JSON, as parameters of users and what is in
// Secrets do: it must come out as it went in, and be nothing but data.
func FuzzSees(f *testing.F) {
	for _, seed := range []string{
		`null`, `1`, `"x"`, `{"a":[1,2.5,-1e3,true,null,{"b":"ä\u0000\n\\\"'|||"}]}`, `"\u2028\ud83d\ude00\ud800"`, `{"self":1,"local":2,"$":"$","a b":3,"":4}`,
		`"}, template: {stolen: $.secrets}, x: {"`, `"%(host)s %d"`, `{"a":{"a":{"a":{}}}}`, `"' + importstr '/etc/passwd' + '"`, `1e308`, `0.1`, "\"\xff\"", `"\/"`, `{"__proto__":1,"a+":2,"b::":3}`,
	} {
		f.Add([]byte(seed))
	}
	template, err := Parse("bind.yaml", []byte("template: '{got: $.parameters, password: $.secrets[0]}'"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var given any
		// What is given twice or too deep was refused before this.
		if len(text) > 4000 || json.Unmarshal(text, &given) != nil || twice(json.NewDecoder(bytes.NewReader(text))) || bytes.Count(text, []byte("[")) > 30 || bytes.Count(text, []byte("{")) > 30 {
			return
		}
		sees, err := json.Marshal(map[string]any{"parameters": json.RawMessage(text), "secrets": []string{"s3cr3t"}})
		if err != nil {
			t.Fatal(err)
		}
		credentials, err := template.evaluate(sees)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got struct {
			Got      any
			Password string
		}
		if err := json.Unmarshal(credentials, &got); err != nil || got.Password != "s3cr3t" || !reflect.DeepEqual(got.Got, given) {
			t.Errorf("%s became %s: %v", text, credentials, err)
		}
	})
}

// twice tells whether an object holds a key twice.
func twice(d *json.Decoder) bool {
	token, _ := d.Token()
	delimiter, nested := token.(json.Delim)
	seen, found := map[any]bool{}, false
	for nested && d.More() {
		if delimiter == '{' {
			key, _ := d.Token()
			found = found || seen[key]
			seen[key] = true
		}
		found = twice(d) || found
	}
	if nested {
		_, _ = d.Token() // its end
	}
	return found
}
