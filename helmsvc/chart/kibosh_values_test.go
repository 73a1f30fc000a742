package chart_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// madeForKibosh are a chart's files in the shape of those that Kibosh offered.
func madeForKibosh(values string) map[string]string {
	return map[string]string{
		"Chart.yaml":             "apiVersion: v1\nname: c\nversion: 1.2.3\n",
		"values.yaml":            values,
		"plans.yaml":             "- {name: s, description: d, file: s.yaml}",
		"plans/s.yaml":           "{plan: small}",
		"templates/_helpers.tpl": `{{ define "c.name" }}{{ .Chart.Name }}-of-{{ .Release.Name }}{{ end }}`,
	}
}

func rendered(t *testing.T, service chart.Service, parameters string) map[string]any {
	t.Helper()
	what, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(parameters))
	if err != nil {
		t.Fatal(err)
	}
	return what.Values
}

// TestValuesAsKibosh renders values.yaml of charts in Kibosh's shape, and leaves
// it alone in all others.
func TestValuesAsKibosh(t *testing.T) {
	long := strings.Repeat("long ", 30)
	for name, c := range map[string]struct {
		values, parameters string
		change             map[string]string
		want               map[string]any
	}{
		"no template":    {"a: 1", "", nil, map[string]any{"plan": "small"}},
		"release":        {`{a: "{{ .Release.Name }}/{{ .Release.Namespace }}", b: 1}`, "", nil, map[string]any{"a": "k-rel/ns", "plan": "small"}},
		"helper":         {`a: {b: '{{ template "c.name" . }}', c: 1}`, "", nil, map[string]any{"a": map[string]any{"b": "c-of-k-rel"}, "plan": "small"}},
		"values":         {`{a: "{{ .Values.b | upper }}", b: x}`, "", nil, map[string]any{"a": "X", "plan": "small"}},
		"list":           {`a: ["{{ .Release.Name }}", 2, {b: z}]`, "", nil, map[string]any{"a": []any{"k-rel", 2.0, map[string]any{"b": "z"}}, "plan": "small"}},
		"lines":          {"a: |\n  name: {{ .Release.Name }}\n  - x\n", "", nil, map[string]any{"a": "name: k-rel\n- x\n", "plan": "small"}},
		"a long string":  {`a: '{{ "` + long + `" }}'`, "", nil, map[string]any{"a": long, "plan": "small"}},
		"the plan wins":  {`plan: "{{ .Release.Name }}"`, "", nil, map[string]any{"plan": "small"}},
		"parameters win": {`a: "{{ .Release.Name }}"`, `{"a":"{{ x }}"}`, nil, map[string]any{"a": "{{ x }}", "plan": "small"}},
		"bind.yaml alone": {`a: "{{ .Release.Name }}"`, "", map[string]string{"plans.yaml": "", "bind.yaml": "template: '{}'"},
			map[string]any{"a": "k-rel"}},
		"beside":           {`a: "{{ .Release.Name }}"`, "", map[string]string{"plans.yaml": "", "tsmgr/bind.yaml": "template: '{}'"}, map[string]any{"a": "k-rel"}},
		"Helm 3's chart":   {`a: "{{ .Release.Name }}"`, "", map[string]string{"Chart.yaml": chartYAML("c")}, map[string]any{"plan": "small"}},
		"no Kibosh's file": {`a: "{{ .Release.Name }}"`, "", map[string]string{"plans.yaml": ""}, map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			files := madeForKibosh(c.values)
			for file, text := range c.change {
				files[file] = text
				if text == "" {
					delete(files, file)
				}
			}
			service := load(t, write(t, files)).Services[0]
			if got := rendered(t, service, c.parameters); !reflect.DeepEqual(got, c.want) {
				t.Errorf("values %#v, want %#v", got, c.want)
			}
			kept, err := chart.LoadArchive(service.Archive(), "kept", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := rendered(t, kept, c.parameters); !reflect.DeepEqual(got, c.want) {
				t.Errorf("from what is kept values %#v, want %#v", got, c.want)
			}
		})
	}
}

// TestBrokenValuesOfKibosh leaves out a chart the values of which fail.
func TestBrokenValuesOfKibosh(t *testing.T) {
	for values, wanted := range map[string][]string{
		`a: '{{ include "none" . }}'`:                     {"values.yaml's templates", `"none"`, "as Kibosh did", "apiVersion v2"},
		"{a: '{{ if false }}', b: '{{ else }}{{ end }}'}": {"begins in one value and ends in another"},
	} {
		catalog := load(t, write(t, madeForKibosh(values)))
		if len(catalog.Problems) != 1 {
			t.Fatalf("of %s the problems are %v, want one", values, catalog.Problems)
		}
		for _, words := range wanted {
			if text := catalog.Problems[0].Err.Error(); !strings.Contains(text, words) {
				t.Errorf("of %s the error %q, want %q in it", values, text, words)
			}
		}
	}
}

// TestSteadyValuesOfKibosh: what values.yaml makes up is the same in each update of an
// instance, and another's is another.
func TestSteadyValuesOfKibosh(t *testing.T) {
	service := load(t, write(t, madeForKibosh(`{a: "{{ randAlphaNum 24 }}", b: ["{{randAlphaNum 24}}-{{ randAlphaNum 24 }}"], c: "{{ uuidv4 }}"}`))).Services[0]
	one, other := service.Seeded(chart.NewSeed()), service.Seeded(chart.NewSeed())
	first, again, others := rendered(t, one, ""), rendered(t, one, ""), rendered(t, other, "")
	if first["a"] != again["a"] || !reflect.DeepEqual(first["b"], again["b"]) || first["a"] == others["a"] {
		t.Errorf("values %v, then %v, and of another instance %v", first, again, others)
	}
	text := first["b"].([]any)[0].(string)
	if len(first["a"].(string)) != 24 || len(text) != 49 || text[:24] == text[25:] || text[:24] == first["a"] {
		t.Errorf("values %v", first)
	}
	if doubts := service.DoubtfulValues(); len(doubts) != 1 || !strings.Contains(doubts[0], "values.yaml: c is made up by uuidv4") {
		t.Errorf("doubtful are %q, want c", doubts)
	}
	rendered(t, service, "") // an instance that is older than seeds
}
