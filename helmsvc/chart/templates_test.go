package chart_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestTemplates refuses the beginning of a template wherever it stands, also
// in parameters of bindings.
func TestTemplates(t *testing.T) {
	service := only(t, "  schemas: {bind: b.json}\n", map[string]string{"plans/b.json": "{}"})
	plan := service.Plans[0].TakingAnything()
	for parameters, want := range map[string]string{
		`{"a":"{{ .Values.x }}"}`:            "the parameter a holds",
		`{"a":[{"b":["x{{"]}]}`:              "the parameter a.0.b.0 holds",
		`{"a":{"{{ s3cr3t }}":1}}`:           "the parameter a.(a key) holds",
		`{"a":"\u007b\u007b x }}"}`:          "the parameter a holds",
		`{"a":"{{{"}`:                        "the parameter a holds",
		`{"a":"}}"}`:                         "",
		`{"a":"{\"b\":{\"c\":1}}"}`:          "",
		`{"a":"{ {"}`:                        "",
		`{"a":"${x} {% y %} <%= z %> [[ ]"}`: "",
	} {
		everywhere(t, plan, parameters, want)
		if err := service.CheckBind(plan, json.RawMessage(parameters)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("binding with %s: error %v, want %q", parameters, err, want)
		}
	}
}

// TestAllowedTemplates lets them through where the plan says so, and refuses
// them again for a plan that doesn't, whatever brought them there.
func TestAllowedTemplates(t *testing.T) {
	const parameters = `{"a":"{{ .Release.Name }}"}`
	service := only(t, "  allow_templates: true\n  schemas: {bind: b.json}\n", map[string]string{"plans/b.json": "{}"})
	plan := service.Plans[0].TakingAnything()
	everywhere(t, plan, parameters, "")
	if err := service.CheckBind(plan, json.RawMessage(parameters)); err != nil {
		t.Error(err)
	}
	everywhere(t, only(t, "  allow_templates: false\n", nil).Plans[0].TakingAnything(), parameters, "the parameter a holds")
}

// TestWhatTplRuns is why "{{" is what counts: charts that call tpl run nothing
// without it, and everything with it.
func TestWhatTplRuns(t *testing.T) {
	service := only(t, "", map[string]string{"templates/x.yaml": `{{ tpl (toYaml .Values.a) . }}`})
	for parameters, want := range map[string]string{
		`{"a":"{{ .Release.Name }}"}`:                         "'k-rel'",
		`{"a":".Release.Name }} x"}`:                          ".Release.Name }} x",
		`{"a":"{% .Release.Name %} ${.Release.Name} [["}`:     "'{% .Release.Name %} ${.Release.Name} [['",
		`{"a":["{","{ .Release.Name }}"]}`:                    "- '{'\n- '{ .Release.Name }}'",
		`{"a":{"{":{"{ .Release.Name }}":"x"},"b":{"c":{}}}}`: "'{':\n  '{ .Release.Name }}': x\nb:\n  c: {}",
	} {
		if text := render(t, service, parameters); text != want {
			t.Errorf("%s became %q, want %q", parameters, text, want)
		}
	}
}
