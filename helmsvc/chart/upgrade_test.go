package chart_test

import (
	"strings"
	"testing"
)

func TestPlanUpgrade(t *testing.T) {
	for text, want := range map[string]bool{"": false, "  upgrade: hold\n": true} {
		if got := only(t, text, nil).Plans[0].HoldUpgrades; got != want {
			t.Errorf("%q holds upgrades back: %t, want %t", text, got, want)
		}
	}
	for _, word := range []string{"held", "true", "1.0.0", "[hold]", `"hold "`} {
		problems := load(t, write(t, map[string]string{
			"Chart.yaml": chartYAML("c"), "plans.yaml": "- name: s\n  file: s.yaml\n  upgrade: " + word, "plans/s.yaml": "",
		})).Problems
		if len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), "upgrade") {
			t.Errorf("upgrade: %s: problems %v", word, problems)
		}
	}
}
