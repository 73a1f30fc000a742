package chart_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestAlertsOfTwoReleases: of two brokers beside each other each has its own alerts, and once.
func TestAlertsOfTwoReleases(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var files []string
	for _, namespace := range []string{"b", "c"} {
		file := namespace + ".yaml"
		writeYAML(t, filepath.Join(folder, file), rulesOf(t, namespace))
		files = append(files, file)
	}
	series := func(namespace, name, labels, values string) inputSeries {
		return inputSeries{fmt.Sprintf(`cf_helm_broker_%s{namespace=%q, job=%q, instance="1"%s}`, name, namespace, namespace+"-broker", labels), values}
	}
	type sample struct {
		Labels string `json:"labels"`
		Value  int    `json:"value"`
	}
	file := filepath.Join(folder, "tests.yaml")
	writeYAML(t, file, map[string]any{"rule_files": files, "evaluation_interval": "1m", "tests": []any{map[string]any{
		"interval": "1m",
		"input_series": []inputSeries{
			series("b", "leading", "", "1x60"),
			series("b", "charts_left_out", "", "1x60"),
			series("b", "failures_total", `, type="bind", cause="broker"`, "0x50 1x10"),
			series("c", "leading", "", "1x30"),
		},
		"promql_expr_test": []any{map[string]any{
			"expr": `count by (alertname, namespace, job) (ALERTS{alertstate="firing"})`, "eval_time": "1h", "exp_samples": []sample{
				{`{alertname="BrokerChartsLeftOut", namespace="b", job="b-broker"}`, 1},
				{`{alertname="BrokerOperatorNeeded", namespace="b", job="b-broker"}`, 1},
				{`{alertname="BrokerDown", namespace="c", job="c-broker"}`, 1},
			},
		}},
	}}})
	testRules(t, file)
}

// TestAlertsKnowTheirRelease: whatever a release's rules ask for is of its own namespace, and
// of the job that the chart has Prometheus make, if it does.
func TestAlertsKnowTheirRelease(t *testing.T) {
	for scraped, want := range map[bool]string{true: `{namespace="b",job="b-broker"`, false: `{namespace="b"`} {
		files, err := render(load(t), merge(values(t, "kubernetes-values.yaml"), monitored(scraped)), release("b-broker", "b"))
		if err != nil {
			t.Fatal(err)
		}
		text := files["monitoring.yaml"]
		for _, found := range metric.FindAllStringIndex(text, -1) {
			if after := text[found[1]:]; !strings.HasPrefix(after, want+"}") && !strings.HasPrefix(after, want+",") {
				t.Errorf("%s is asked for by %.40q, want %s", text[found[0]:found[1]], after, want)
			}
		}
		if strings.Contains(text, ",}") {
			t.Error("a selector ends with a comma")
		}
	}
}

func monitored(scraped bool) map[string]any {
	return map[string]any{"monitoring": map[string]any{"alerts": map[string]any{"enabled": true}, "serviceMonitor": map[string]any{"enabled": scraped}}}
}

// rulesOf are the rules of a release in the namespace, of which Prometheus' operator makes a
// file of rules.
func rulesOf(t *testing.T, namespace string) (spec map[string]any) {
	t.Helper()
	files, err := render(load(t), merge(values(t, "kubernetes-values.yaml"), monitored(true)), release(namespace+"-broker", namespace))
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(files["monitoring.yaml"], "\n---\n") {
		var object struct {
			Kind string         `json:"kind"`
			Spec map[string]any `json:"spec"`
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if object.Kind == "PrometheusRule" {
			return object.Spec
		}
	}
	t.Fatal("the chart renders no PrometheusRule")
	return nil
}
