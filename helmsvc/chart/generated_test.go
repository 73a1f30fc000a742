package chart_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// withPlan is a chart whose plan file is this text.
func withPlan(t *testing.T, text string) chart.Catalog {
	t.Helper()
	return load(t, write(t, map[string]string{
		"Chart.yaml":             chartYAML("c"),
		"plans.yaml":             "- {name: s, file: s.yaml}",
		"plans/s.yaml":           text,
		"templates/_helpers.tpl": `{{ define "c.found" }}{{ lookup "v1" "Secret" "" "" | len }}{{ end }}`,
	}))
}

func valuesFor(t *testing.T, seed, plan string) map[string]any {
	t.Helper()
	catalog := withPlan(t, plan)
	if len(catalog.Services) != 1 {
		t.Fatal(catalog.Problems)
	}
	service := catalog.Services[0].Seeded(seed)
	what, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", nil)
	if err != nil {
		t.Fatal(err)
	}
	return what.Values
}

// TestGenerated asks for values in every place of a plan file that has room for one.
func TestGenerated(t *testing.T) {
	seed := chart.NewSeed()
	want, _ := valuesFor(t, seed, `a: {{ generated "root" 24 }}`)["a"].(string)
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{23}$`).MatchString(want) {
		t.Fatalf("generated %q", want)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(want))
	for plan, want := range map[string]string{
		`a: "{{ generated "root" 24 }}"`:                                                  want,
		"a: {{ generated `root` 24 -}}\n":                                                 want,
		"{{ if .Values }}\nb: 1\n{{ else }}\na: {{ generated\n\"root\"\n24 }}\n{{ end }}": want,
		`a: {{ generated "root" 24 | b64enc | quote }}`:                                   encoded,
		`a: {{ b64enc (generated "root" 24) }}`:                                           encoded,
		`{{ $x := generated "root" 24 }}a: {{ $x }}`:                                      want,
		`{{ with generated "root" 24 }}a: {{ . }}{{ end }}`:                               want,
		`{{ define "x" }}{{ generated "root" 24 }}{{ end }}a: {{ include "x" . }}`:        want,
		`a: é{{ generated "root" 24 }}-{{ generated "root" 24 }}`:                         "é" + want + "-" + want,
		`a: "{{ "{{ generated }}" }}"`:                                                    "{{ generated }}",
	} {
		if got := valuesFor(t, seed, plan)["a"]; got != want {
			t.Errorf("%s: %v, want %s", plan, got, want)
		}
	}
}

// TestGeneratedDiffers by name, length and instance, as a whole.
func TestGeneratedDiffers(t *testing.T) {
	seed, seen := chart.NewSeed(), map[any]string{}
	for what, value := range map[string]any{
		"a name":           valuesFor(t, seed, `a: {{ generated "root" 24 }}`)["a"],
		"another name":     valuesFor(t, seed, `a: {{ generated "user" 24 }}`)["a"],
		"another length":   valuesFor(t, seed, `a: {{ generated "root" 128 }}`)["a"].(string)[:24],
		"another instance": valuesFor(t, chart.NewSeed(), `a: {{ generated "root" 24 }}`)["a"],
	} {
		if other, twice := seen[value]; twice {
			t.Errorf("%s and %s have the same value", what, other)
		}
		seen[value] = what
	}
}

// TestPlanFilesThatAreRefused keep their chart out of the catalog.
func TestPlanFilesThatAreRefused(t *testing.T) {
	for plan, want := range map[string]string{
		"b: 1\na: {{ generated }}":                                              "plans/s.yaml:2:6: generated needs a name and a length",
		`a: {{ generated "root" }}`:                                             "generated needs a name and a length",
		`a: {{ 24 | generated "root" }}`:                                        "generated needs a name and a length",
		`a: {{ quote generated }}`:                                              "generated needs a name and a length",
		`a: {{ generated .Release.Name 24 }}`:                                   "neither of which may be computed",
		`a: {{ generated "root" (add 1 23) }}`:                                  "neither of which may be computed",
		`a: {{ generated "root" 24.0 }}`:                                        "neither of which may be computed",
		`a: {{ generated "a root" 24 }}`:                                        "a name of at most 63 letters",
		`a: {{ generated "root" 7 }}`:                                           "values of 8 to 128 characters",
		`a: {{ generated "root" 129 }}`:                                         "values of 8 to 128 characters",
		`{{ if true }}a: {{ generated "x" 1 }}{{ end`:                           "unclosed action",
		`a: {{ tpl "{{ generated \"x\" 24 }}" . }}`:                             `function "generated" not defined`,
		`a: {{ (lookup "v1" "Secret" "" "").x }}`:                               "plans/s.yaml:1:7: nothing can be looked up here",
		`a: {{ dig "x" 1 (lookup "v1" "Secret" "" "") }}`:                       "plans/s.yaml:1:17: nothing can be looked up here",
		`a: {{ include "c.found" . }}`:                                          "plans/s.yaml:1:6: ",
		`a: {{include "c.found" . }}`:                                           "nothing can be looked up here",
		`{{ range $i, $x := list 1 }}a: {{ generated (print $i) 24 }}{{ end }}`: "neither of which may be computed",
	} {
		problems := withPlan(t, plan).Problems
		if len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), want) {
			t.Errorf("%s: the problems %v, want %q", plan, problems, want)
		}
	}
}

// TestGeneratedIsNeverSaid: what fails with a value says the call that made it.
func TestGeneratedIsNeverSaid(t *testing.T) {
	for _, plan := range []string{
		`a: {{ generated "root" 24 | fail }}`,
		`a: {{ mustToDate "2006" (generated "root" 24) }}`,
		`a: {{ fail (generated "root" 24 | b64enc) }}`,
		"{{ generated \"root\" 24 }}: 1\n{{ generated \"root\" 24 }}: 2",
	} {
		problems := withPlan(t, plan).Problems
		if len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), `(generated "root" 24)`) || long.MatchString(problems[0].Err.Error()) {
			t.Errorf("%s: %v", plan, problems)
		}
	}
}

// long is a word that nothing but a generated value has.
var long = regexp.MustCompile(`[A-Za-z0-9]{24}`)

// TestGeneratedNeedsAnInstance: without its seed everybody would have the same.
func TestGeneratedNeedsAnInstance(t *testing.T) {
	service := withPlan(t, `a: {{ generated "root" 24 }}`).Services[0]
	for _, seed := range []string{"", "c2hvcnQ=", "not base64"} {
		if _, err := service.Seeded(seed).Render(t.Context(), service.Plans[0], "k", "n", nil); err == nil {
			t.Errorf("the seed %q was taken", seed)
		}
	}
}

// TestDashboardsThatAreRefused: an address has no secret in it, and nothing of the cluster.
func TestDashboardsThatAreRefused(t *testing.T) {
	for address, want := range map[string]string{
		`https://x/{{ generated "root" 24 }}`:              "Chart.yaml: the annotation cf-helm-broker.io/dashboard-url: generated is for plan files",
		`https://x/{{ lookup "v1" "Secret" "" "" | len }}`: "Chart.yaml: the annotation cf-helm-broker.io/dashboard-url:1:13: nothing can be looked up here",
		`https://x/{{ include "c.found" . }}`:              "nothing can be looked up here",
	} {
		problems := load(t, write(t, map[string]string{
			"Chart.yaml":             chartYAML("c") + "annotations: {cf-helm-broker.io/dashboard-url: '" + address + "'}\n",
			"templates/_helpers.tpl": `{{ define "c.found" }}{{ lookup "v1" "Secret" "" "" | len }}{{ end }}`,
		})).Problems
		if len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), want) {
			t.Errorf("%s: the problems %v, want %q", address, problems, want)
		}
	}
}

// TestRenderUpdate renders the plan file twice, unless the plan keeps nothing that is generated.
func TestRenderUpdate(t *testing.T) {
	services := load(t, write(t, map[string]string{
		"Chart.yaml":   chartYAML("c"),
		"plans.yaml":   "- {name: kept, file: s.yaml}\n- {name: anew, file: s.yaml, keep_generated: false}",
		"plans/s.yaml": "random: {{ uuidv4 }}\nsame: {{ generated \"a\" 24 }}",
	})).Services
	service := services[0].Seeded(chart.NewSeed())
	what, err := service.RenderUpdate(t.Context(), service.Plans[0], "k", "n", json.RawMessage(`{"told":1}`))
	if err != nil || what.Again["random"] == what.Values["random"] || what.Again["same"] != what.Values["same"] || what.Again["told"] != what.Values["told"] {
		t.Errorf("rendered %v and %v, %v", what.Values, what.Again, err)
	}
	if what, err = service.RenderUpdate(t.Context(), service.Plans[1], "k", "n", nil); err != nil || what.Again != nil {
		t.Errorf("of a plan that keeps nothing: %v, %v", what.Again, err)
	}
}
