package chart_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

func TestPlanAccess(t *testing.T) {
	for text, want := range map[string]chart.Access{
		"":                            {},
		"  access: all\n":             {},
		"  access: none\n":            {Nobody: true},
		"  access: [demo]\n":          {Organizations: []string{"demo"}},
		"  access: [all, \"7\", b]\n": {Organizations: []string{"all", "7", "b"}},
	} {
		if got := only(t, text, nil).Plans[0].Access; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: access %+v, want %+v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"demo":       "access must be all, none or a list",
		"true":       "access must be all, none or a list",
		"{org: a}":   "access must be all, none or a list",
		"[7]":        "access must be all, none or a list",
		`[" "]`:      "access must be all, none or a list",
		"~":          "",
		"[]":         "access lists no organization; say none",
		"[a, b, a]":  "access names an organization twice",
		"[a, [b]]":   "access must be all, none or a list",
		`""`:         "access must be all, none or a list",
		`"none "`:    "access must be all, none or a list",
		"[a, all]":   "",
		"[a b, A B]": "",
	} {
		problems := load(t, write(t, map[string]string{
			"Chart.yaml": chartYAML("c"), "plans.yaml": "- name: s\n  file: s.yaml\n  access: " + text, "plans/s.yaml": "",
		})).Problems
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), `plan "s": `+want)) {
			t.Errorf("access: %s: problems %v, want %q", text, problems, want)
		}
	}
}
