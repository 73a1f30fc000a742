// Package charts_test checks the sample services as a chart author would before offering them: each
// plan lints and renders, its pods would be admitted to a namespace under Pod Security "restricted",
// an update can move an instance between plans, and the schema stops what would not work.
// Whether the broker serves them is for its end-to-end tests to show.
package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

var planName = regexp.MustCompile(`^[0-9a-z.\-]+$`)

// plan is what these tests need of an entry of plans.yaml. Whether the others are there is
// for TestShippedPlansAreSafe to say.
type plan struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Bullets     []string `json:"bullets"`
	File        string   `json:"file"`
	Free        *bool    `json:"free"`
	Bindable    *bool    `json:"bindable"`
	// AllowedPlanChanges is nil if any is allowed.
	AllowedPlanChanges []string `json:"allowed_plan_changes"`
}

// chartNames lists the folders that hold a chart.
func chartNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no chart found beside this test")
	}
	var names []string
	for _, file := range files {
		names = append(names, filepath.Dir(file))
	}
	return names
}

// eachPlan runs check for every plan of every chart with the values that its file holds.
func eachPlan(t *testing.T, check func(t *testing.T, chart string, values map[string]any)) {
	t.Helper()
	for _, chart := range chartNames(t) {
		for _, p := range plansOf(t, chart) {
			t.Run(chart+"/"+p.Name, func(t *testing.T) { check(t, chart, valuesOf(t, chart, p)) })
		}
	}
}

func plansOf(t *testing.T, chart string) []plan {
	t.Helper()
	var plans []plan
	readYAML(t, &plans, chart, "plans.yaml")
	return plans
}

func valuesOf(t *testing.T, chart string, p plan) map[string]any {
	t.Helper()
	var values map[string]any
	readYAML(t, &values, chart, "plans", p.File)
	return values
}

func readYAML(t *testing.T, into any, path ...string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", filepath.Join(path...), err)
	}
}

func TestPlansAreComplete(t *testing.T) {
	for _, chart := range chartNames(t) {
		plans := plansOf(t, chart)
		if len(plans) < 2 {
			t.Errorf("%s: a sample should show several plans, not %d", chart, len(plans))
		}
		for _, p := range plans {
			if !planName.MatchString(p.Name) {
				t.Errorf("%s: plan name %q doesn't match %s", chart, p.Name, planName)
			}
			if p.Description == "" || len(p.Bullets) == 0 || p.Free == nil || p.Bindable == nil {
				t.Errorf("%s: plan %s lacks description, bullets, free or bindable", chart, p.Name)
			}
		}
	}
}

func TestChartsLint(t *testing.T) {
	eachPlan(t, func(t *testing.T, chart string, values map[string]any) {
		linter := lint.AllWithKubeVersion(chart, values, "test", nil)
		for _, message := range linter.Messages {
			if message.Severity >= support.InfoSev {
				t.Error(message)
			}
		}
	})
}

// TestExtraFilesStayInTheChart guards against an ignore rule that would drop them from a package.
func TestExtraFilesStayInTheChart(t *testing.T) {
	for _, name := range chartNames(t) {
		chart, err := loader.LoadDir(name)
		if err != nil {
			t.Fatal(err)
		}
		packed := map[string]bool{}
		for _, file := range chart.Raw {
			packed[file.Name] = true
		}
		wanted := []string{"README.md", "bind.yaml", "plans.yaml", "values.schema.json"}
		for _, p := range plansOf(t, name) {
			wanted = append(wanted, "plans/"+p.File)
		}
		for _, file := range wanted {
			if !packed[file] {
				t.Errorf("%s: %s is not part of the chart", name, file)
			}
		}
	}
}

func TestBindTemplateIsTheOnlyKey(t *testing.T) {
	for _, chart := range chartNames(t) {
		var bind map[string]string
		readYAML(t, &bind, chart, "bind.yaml")
		if keys := slices.Collect(maps.Keys(bind)); !slices.Equal(keys, []string{"template"}) {
			t.Errorf("%s: bind.yaml has the keys %q, want template alone", chart, keys)
		}
		if bind["template"] == "" {
			t.Errorf("%s: bind.yaml has an empty template", chart)
		}
	}
}
