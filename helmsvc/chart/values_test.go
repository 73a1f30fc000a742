package chart_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

func TestValues(t *testing.T) {
	for name, c := range map[string]struct {
		plan, parameters string
		want             map[string]any
	}{
		"nothing":           {"", "", map[string]any{}},
		"null":              {"", "null", map[string]any{}},
		"plan alone":        {"a: {b: 1, c: 2}", "{}", map[string]any{"a": map[string]any{"b": 1.0, "c": 2.0}}},
		"deep":              {"a: {b: 1, c: 2}", `{"a":{"c":3}}`, map[string]any{"a": map[string]any{"b": 1.0, "c": int64(3)}}},
		"lists replaced":    {"a: [1, 2]", `{"a":[3]}`, map[string]any{"a": []any{int64(3)}}},
		"map by scalar":     {"a: {b: 1}", `{"a":"x"}`, map[string]any{"a": "x"}},
		"null kept":         {"a: {b: 1}", `{"a":null}`, map[string]any{"a": nil}},
		"whole numbers":     {"", `{"a":10000000,"b":9007199254740993}`, map[string]any{"a": int64(10000000), "b": int64(9007199254740993)}},
		"fractions":         {"", `{"a":0.5}`, map[string]any{"a": 0.5}},
		"helpers":           {`a: {{ include "c.name" . }}`, "", map[string]any{"a": "c-of-k-rel"}},
		"release":           {`a: "{{ .Release.Name }}/{{ .Release.Namespace }}"`, "", map[string]any{"a": "k-rel/ns"}},
		"values and sprig":  {`a: {{ .Values.base | upper }}`, "", map[string]any{"a": "FROM-CHART"}},
		"parameters not":    {"", `{"a":"{{ .Release.Name }}"}`, map[string]any{"a": "{{ .Release.Name }}"}},
		"only a comment":    {"# nothing", "", map[string]any{}},
		"numbers of a plan": {"a: 10000000", "", map[string]any{"a": 10000000.0}},
	} {
		t.Run(name, func(t *testing.T) {
			service := load(t, write(t, map[string]string{
				"Chart.yaml":             chartYAML("c"),
				"values.yaml":            "base: from-chart",
				"plans.yaml":             "- {name: s, description: d, file: s.yaml}",
				"plans/s.yaml":           c.plan,
				"templates/_helpers.tpl": `{{ define "c.name" }}{{ .Chart.Name }}-of-{{ .Release.Name }}{{ end }}`,
				"templates/x.yaml":       `{{ fail "not rendered for a plan file" }}`,
			})).Services[0]
			rendered, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(c.parameters))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(rendered.Values, c.want) {
				t.Errorf("values %#v, want %#v", rendered.Values, c.want)
			}
		})
	}
}

// TestPlanFilesAreAsHelmReadsThem holds the values of plan files against those
// that `helm install -f` reads from the same file, their kinds included.
func TestPlanFilesAreAsHelmReadsThem(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":         "",
		"null":            "null",
		"whole":           "a: 2",
		"million":         "a: 1000000",
		"exponent":        "a: 1e6",
		"beyond a double": "a: 9007199254740993",
		"beyond 64 bits":  "a: 12345678901234567890123",
		"not a number":    "a: 1e400",
		"octal and hex":   "{a: 0o17, b: 017, c: 0x1F, d: -7}",
		"fraction":        "a: 0.10",
		"in a list":       "a: [1, {b: 2}]",
		"key":             "1: 2",
		"other kinds":     "{a: '2', b: yes, c: null, d: 2026-11-27}",
		"anchors":         "{a: &x {b: 1}, c: *x}",
	} {
		t.Run(name, func(t *testing.T) {
			folder := write(t, map[string]string{
				"Chart.yaml": chartYAML("c"), "plans.yaml": "- {name: s, description: d, file: s.yaml}", "plans/s.yaml": text,
			})
			helms := values.Options{ValueFiles: []string{filepath.Join(folder, "plans", "s.yaml")}}
			want, err := helms.MergeValues(nil)
			if err != nil {
				t.Fatal(err)
			}
			service := load(t, folder).Services[0]
			rendered, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(rendered.Values, want) {
				t.Errorf("values %#v, Helm has %#v", rendered.Values, want)
			}
		})
	}
}

// TestKindsOfNumbers renders what asks for the kind of a number, or compares
// one of the chart's with one of the plan's.
func TestKindsOfNumbers(t *testing.T) {
	service := load(t, write(t, map[string]string{
		"Chart.yaml":   chartYAML("c"),
		"values.yaml":  "{min: 2, max: 5, million: 1000000}",
		"plans.yaml":   "- {name: s, description: d, file: s.yaml}",
		"plans/s.yaml": "{max: 2, kind: '{{ kindOf .Values.min }}', million: 1000000}",
		"templates/x.yaml": "x: {{ if eq .Values.min .Values.max }}equal{{ end }} {{ kindOf .Values.max }} {{ .Values.kind }} {{ .Values.million }} " +
			"{{ kindOf .Values.given }} {{ .Values.given }}",
	})).Services[0]
	what, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(`{"given":1000000}`))
	if err != nil {
		t.Fatal(err)
	}
	input, err := chartutil.ToRenderValues(what.Chart, what.Values, chartutil.ReleaseOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Render(what.Chart, input)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := files["c/templates/x.yaml"], "x: equal float64 float64 1e+06 int64 1000000"; got != want {
		t.Errorf("rendered %q, want %q", got, want)
	}
}

// TestComputedValues holds them against what a template of the chart gets from
// Helm: subcharts, imports, globals, what null removes, and nothing of a subchart
// that is disabled.
func TestComputedValues(t *testing.T) {
	service := load(t, write(t, map[string]string{
		"Chart.yaml": chartYAML("c") + "dependencies:\n- {name: sub, version: 1.2.3, import-values: [{child: shared, parent: imported}]}\n" +
			"- {name: off, version: 1.2.3, condition: off.enabled}\n- {name: sub, version: 1.2.3, alias: twin}\n",
		"values.yaml":            "{a: 1, gone: {x: 1, y: 2}, sub: {of: parent}, global: {zone: z}, off: {enabled: false}, list: [1, 2]}",
		"plans.yaml":             "- {name: s, description: d, file: s.yaml}",
		"plans/s.yaml":           "{gone: {x: null}, list: [3], release: '{{ .Release.Name }}'}",
		"templates/x.yaml":       "{{ toJson .Values }}",
		"charts/sub/Chart.yaml":  chartYAML("sub"),
		"charts/sub/values.yaml": "{of: sub, own: {b: 1}, shared: {c: 2}}",
		"charts/off/Chart.yaml":  chartYAML("off"),
		"charts/off/values.yaml": "{secret: s}",
	})).Services[0]
	for _, parameters := range []string{`{}`, `{"a":9007199254740993,"sub":{"own":null,"mine":[1]},"global":{"zone":"y"}}`, `{"off":{"enabled":true}}`} {
		what, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(parameters))
		if err != nil {
			t.Fatal(err)
		}
		install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
		install.ClientOnly, install.DryRun, install.ReleaseName, install.Namespace = true, true, "k-rel", "ns"
		made, err := install.Run(what.Chart, what.Values)
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ := strings.Cut(made.Manifest, "x.yaml\n")
		values, err := service.Computed(what.Values)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != strings.TrimSpace(want) || len(got) < 100 {
			t.Errorf("%s: computed are\n%s\na template sees\n%s", parameters, got, want)
		}
	}
}

func TestParametersThatAreNoObject(t *testing.T) {
	for _, text := range []string{`[1]`, `"x"`, `7`, `true`, `{`} {
		if _, err := chart.DecodeParameters(json.RawMessage(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

// TestRenderedChartIsACopy lets Helm change what it is given.
func TestRenderedChartIsACopy(t *testing.T) {
	service := load(t, write(t, map[string]string{
		"Chart.yaml":            chartYAML("c") + "dependencies: [{name: sub, version: 1.2.3}]\n",
		"charts/sub/Chart.yaml": chartYAML("sub"),
		"values.yaml":           "a: {b: 1}",
	})).Services[0]
	first, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", nil)
	if err != nil {
		t.Fatal(err)
	}
	first.Chart.SetDependencies()
	first.Chart.Metadata.Dependencies[0].Name = "changed"
	first.Chart.Values["a"].(map[string]any)["b"] = 2
	second, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Chart.Dependencies()) != 1 || second.Chart.Metadata.Dependencies[0].Name != "sub" {
		t.Error("the dependencies of one instance's chart are another's")
	}
	if b := second.Chart.Values["a"].(map[string]any)["b"]; b == 2 {
		t.Error("the values of one instance's chart are another's")
	}
}

// TestBrokerFilesAreStripped keeps plans, bind templates and image archives
// out of what Helm sees and stores.
func TestBrokerFilesAreStripped(t *testing.T) {
	service := load(t, write(t, map[string]string{
		"Chart.yaml": chartYAML("c"), "plans.yaml": "- {name: s, description: d, file: s.yaml}", "plans/s.yaml": "",
		"bind.yaml": "template: '{}'", "images/x.tgz": "x", "tsmgr/plans.yaml": "[]", "files/kept.txt": "x",
		"charts/sub/Chart.yaml": chartYAML("sub"), "charts/sub/plans/eu.yaml": "secret", "charts/sub/plans.yaml": "[]", "charts/sub/own.txt": "x",
	})).Services[0]
	rendered, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range append(slices.Clone(rendered.Chart.Files), rendered.Chart.Raw...) {
		names = append(names, f.Name)
	}
	for _, sub := range rendered.Chart.Dependencies() {
		for _, f := range append(slices.Clone(sub.Files), sub.Raw...) {
			names = append(names, "sub/"+f.Name)
		}
	}
	if got := strings.Join(names, " "); got != "files/kept.txt sub/own.txt" {
		t.Errorf("Helm sees the files %s", got)
	}
}

// TestValidate holds values against the schemas that count, a disabled
// subchart's not among them, and names the field.
func TestValidate(t *testing.T) {
	service := load(t, write(t, map[string]string{
		"Chart.yaml":                    chartYAML("c") + "dependencies: [{name: sub, version: 1.2.3, condition: sub.enabled}]\n",
		"values.yaml":                   "sub: {enabled: false}",
		"values.schema.json":            `{"properties":{"size":{"type":"integer"}}}`,
		"charts/sub/Chart.yaml":         chartYAML("sub"),
		"charts/sub/values.schema.json": `{"required":["password"]}`,
	})).Services[0]
	for parameters, want := range map[string]string{
		`{}`:                       "",
		`{"size":3}`:               "",
		`{"size":"x"}`:             "size",
		`{"sub":{"enabled":true}}`: "password",
		`{"sub":{"enabled":true,"password":"x"}}`: "",
	} {
		rendered, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(parameters))
		if err != nil {
			t.Fatal(err)
		}
		err = rendered.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", parameters, err, want)
		}
		if len(rendered.Chart.Dependencies()) != 1 {
			t.Errorf("%s: validating has changed the chart", parameters)
		}
	}
}
