package chart_test

import (
	"encoding/json"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// render renders the chart's templates/x.yaml, as an install would.
func render(t *testing.T, service chart.Service, parameters string) string {
	t.Helper()
	what, err := service.Render(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(parameters))
	if err != nil {
		t.Fatal(err)
	}
	values, err := chartutil.ToRenderValues(what.Chart, what.Values, chartutil.ReleaseOptions{Name: "k-rel", Namespace: "ns"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Render(what.Chart, values)
	if err != nil {
		t.Fatal(err)
	}
	return files["c/templates/x.yaml"]
}

// everywhere holds parameters against all checks of a plan that have to agree
// on what may be set.
func everywhere(t *testing.T, plan chart.Plan, parameters, want string) {
	t.Helper()
	for _, check := range []func(json.RawMessage) error{plan.CheckCreate, plan.CheckUpdate, plan.CheckAllowed} {
		err := check(json.RawMessage(parameters))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", parameters, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the error quotes a value: %v", err)
		}
	}
}

// family is a chart with a subchart, known by an alias too, that has one of
// its own.
var family = map[string]string{
	"Chart.yaml": chartYAML("c") + `dependencies:
- {name: sub, version: 1.2.3, tags: [back]}
- {name: sub, version: 1.2.3, alias: twin}
`,
	"charts/sub/Chart.yaml":             chartYAML("sub") + "dependencies: [{name: deep, version: 1.2.3}]\n",
	"charts/sub/charts/deep/Chart.yaml": chartYAML("deep"),
	"values.yaml":                       "tags: {back: false}",
}

// TestReach refuses what leaves the chart's own values, on each level of its
// charts, in a plan that allows everything else.
func TestReach(t *testing.T) {
	plan := only(t, "", family).Plans[0].TakingAnything()
	for parameters, want := range map[string]string{
		`{"sub":{"image":"x"},"size":1}`:      "",
		`{"sub":{"deep":{"a":1}}}`:            "",
		`{"x":{"global":1}}`:                  "",
		`{"globals":1}`:                       "",
		`{"global":{"imageRegistry":"x"}}`:    `doesn't let you set "global"`,
		`{"global":{}}`:                       `"global"`,
		`{"global":null}`:                     `"global"`,
		`{"sub":{"global":{"a":1}}}`:          `"sub.global"`,
		`{"twin":{"global":{"a":1}}}`:         `"twin.global"`,
		`{"sub":{"deep":{"global":{"a":1}}}}`: `"sub.deep.global"`,
		`{"tags":{"back":true}}`:              `"tags"`,
		`{"sub":null}`:                        "parameter sub has to be an object",
		`{"sub":"s3cr3t"}`:                    "parameter sub has to be an object",
		`{"twin":[{"s3cr3t":1}]}`:             "parameter twin has to be an object",
		`{"sub":{"deep":7}}`:                  "parameter sub.deep has to be an object",
	} {
		everywhere(t, plan, parameters, want)
	}
}

// TestReachOfOrdinaryCharts: without subcharts with tags, tags are values like
// others; the plan "default" has the rules too.
func TestReachOfOrdinaryCharts(t *testing.T) {
	plan := load(t, write(t, map[string]string{"Chart.yaml": chartYAML("c")})).Services[0].Plans[0].TakingAnything()
	everywhere(t, plan, `{"tags":["a"],"sub":7}`, "")
	everywhere(t, plan, `{"global":{"a":1}}`, `the plan default doesn't let you set "global"`)
}

// TestReachThatIsAllowed names what leaves the chart's own values.
func TestReachThatIsAllowed(t *testing.T) {
	for allowed, cases := range map[string]map[string]string{
		"[global]":          {`{"global":{"a":{"b":1}}}`: "", `{"global":7}`: "has to be an object", `{"sub":{"global":{}}}`: `"sub"`},
		"[global.zone]":     {`{"global":{"zone":"a"}}`: "", `{"global":{"zone":"a","registry":"x"}}`: `"global.registry"`, `{"global":null}`: `"global"`},
		"[sub]":             {`{"sub":{"a":1}}`: "", `{"sub":{"global":{"a":1}}}`: `"sub.global"`, `{"global":{"a":1}}`: `"global"`},
		"[sub, sub.global]": {`{"sub":{"global":{"a":1}}}`: "", `{"sub":{"deep":{"global":{}}}}`: `"sub.deep.global"`},
		"[sub, sub.global.zone]": {
			`{"sub":{"a":1,"global":{"zone":1}}}`:       "",
			`{"sub":{"global":{"zone":1,"other":"x"}}}`: `doesn't let you set "sub.global.other"; of it, it lets you set: sub.global.zone`,
		},
		"[tags]": {`{"tags":{"back":true}}`: ""},
	} {
		plan := only(t, "  allowed_parameters: "+allowed+"\n", family).Plans[0]
		for parameters, want := range cases {
			everywhere(t, plan, parameters, want)
		}
	}
}

// TestNull removes a chart's default, where the value may be set.
func TestNull(t *testing.T) {
	files := map[string]string{"values.yaml": "a: {b: 1, c: 2}", "templates/x.yaml": "{{ toJson .Values.a }}"}
	if text := render(t, only(t, "", files), `{"a":{"b":null}}`); text != `{"c":2}` {
		t.Errorf("rendered %s", text)
	}
	plan := only(t, "  allowed_parameters: [a.b]\n", files).Plans[0]
	everywhere(t, plan, `{"a":{"b":null}}`, "")
	everywhere(t, plan, `{"a":null}`, `"a"`)
}
