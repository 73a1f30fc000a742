package yamlfile

import (
	"encoding/json"
	"regexp"
	"testing"
)

type limits struct {
	Quota  int                `json:"quota"`
	Amount map[string]float64 `json:"amount"`
}

type entry struct {
	Name    string          `json:"name"`
	Free    *bool           `json:"free"`
	Bullets []string        `json:"bullets"`
	Parts   []limits        `json:"parts"`
	Any     any             `json:"any"`
	Raw     json.RawMessage `json:"raw"`
	limits2
}

type limits2 struct {
	PodSecurity string `json:"pod_security"`
}

// goes matches what only Go programmers know.
var goes = regexp.MustCompile(`\b[Gg]o\b|struct|unmarshal|json| yaml: |yamlfile|\[\]`)

// TestDecode tells each mistake in its author's words.
func TestDecode(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"fine":               {"- {name: 7, free: false, bullets: [a, 1], parts: [{quota: 3, amount: {usd: 2}}], any: [1], raw: {a: 1}, pod_security: x}", ""},
		"anchors":            {"- &a {name: x}\n- {<<: *a, free: yes}\n- *a", ""},
		"nothing":            {"- {name: , free: , parts: }", ""},
		"no YAML":            {"- name: a\n  free: [\n", "f.yaml:2: it isn't valid YAML: did not find expected node content"},
		"a tab":              {"- name: a\n\tfree: true\n", "f.yaml:2: it isn't valid YAML: found a tab character that violates indentation"},
		"no list":            {"plans: []", "f.yaml:1: a list is expected, and it is keys with values"},
		"a text for a list":  {"just words", "f.yaml:1: a list is expected, and it is a text"},
		"an entry":           {"- {name: a}\n- small", "f.yaml:2: entry 2: keys with values are expected, and it is a text"},
		"a text":             {"- name: a\n  free: sure", "f.yaml:2: entry 1: free: true or false is expected, and it is a text"},
		"a number":           {"- parts:\n    - {quota: 1}\n    - quota: many", "f.yaml:3: entry 1: parts 2: quota: a whole number is expected, and it is a text"},
		"a fraction":         {"- parts: [{quota: 1.5}]", "f.yaml:1: entry 1: parts 1: quota: a whole number is expected, and it is the number 1.5"},
		"a number in quotes": {"- parts: [{quota: '1'}]", "f.yaml:1: entry 1: parts 1: quota: a whole number is expected, and it is a text"},
		"an amount":          {"- parts: [{amount: {usd: [1]}}]", "f.yaml:1: entry 1: parts 1: amount: usd: a number is expected, and it is a list"},
		"a name":             {"- name: [a]", "f.yaml:1: entry 1: name: a text is expected, and it is a list"},
		"bullets":            {"- bullets: one", "f.yaml:1: entry 1: bullets: a list is expected, and it is a text"},
		"an unknown key":     {"- {name: a}\n- name: b\n  colour: red", `f.yaml:3: entry 2: the key "colour" isn't known`},
		"a near key":         {"- podSecurity: x", `f.yaml:1: entry 1: the key "podSecurity" isn't known; is pod_security meant?`},
		"letters swapped":    {"- parts: [{qouta: 1}]", `f.yaml:1: entry 1: parts 1: the key "qouta" isn't known; is quota meant?`},
		"a misspelt key":     {"- bulets: []", `f.yaml:1: entry 1: the key "bulets" isn't known; is bullets meant?`},
		"a key twice":        {"- name: a\n  name: b", `f.yaml:2: entry 1: the key "name" is there twice`},
		"two":                {"- {free: 3, bullets: 4}", "f.yaml:1: entry 1: free: true or false is expected, and it is the number 3; f.yaml:1: entry 1: bullets: a list is expected, and it is the number 4"},
	} {
		t.Run(name, func(t *testing.T) {
			var entries []entry
			err := Decode("f.yaml", []byte(c.text), &entries)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || err.Error() != c.want {
				t.Fatalf("error\n%v\nwant\n%s", err, c.want)
			}
			if said := goes.FindString(err.Error()[len("f.yaml"):]); said != "" {
				t.Errorf("%q is Go's: %v", said, err)
			}
		})
	}
}

// TestExplain takes keys that it doesn't know.
func TestExplain(t *testing.T) {
	if err := Explain("f.yaml", []byte("{name: a, other: b}"), entry{}); err != nil {
		t.Error(err)
	}
	err := Explain("f.yaml", []byte("other: b\nname: {a: b}"), entry{})
	if err == nil || err.Error() != "f.yaml:2: name: a text is expected, and it is keys with values" {
		t.Error(err)
	}
}
