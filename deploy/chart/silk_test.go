package chart_test

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
)

const (
	agents      = "c2c-cni" // the chart of Silk workers' agents, its release and its namespace
	agentsChart = root + "/deploy/silk-worker/chart"
)

func loadAgents(t *testing.T) *chart.Chart {
	t.Helper()
	loaded, err := loader.LoadDir(agentsChart)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestAgentsManifestsAreTheCharts is TestManifestsAreTheCharts for deploy/silk-worker.
func TestAgentsManifestsAreTheCharts(t *testing.T) {
	loaded := loadAgents(t)
	for file, given := range map[string]map[string]any{
		"serviceaccount.yaml": nil, "rbac.yaml": nil, "config.yaml": nil, "daemonset.yaml": nil,
		"names/rbac.yaml": {"nats": map[string]any{"secret": "c2c-cni-nats"}},
	} {
		files, err := render(loaded, given, release(agents, agents))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "deploy/silk-worker", file, files[file])
	}
}

// TestAgentsChart: it is linted, whatever its values it renders what Kubernetes takes, and
// it says where it has to be.
func TestAgentsChart(t *testing.T) {
	loaded := loadAgents(t)
	for _, given := range []map[string]any{
		nil,
		{
			"image": map[string]any{"digest": "sha256:" + strings.Repeat("0f", 32), "pullSecrets": []any{"registry"}}, "overlay": "10.254.0.0/16",
			"network": "{\n  \"name\": \"own\"\n}\n", "settings": map[string]any{"GUARD": "report", "LIMIT": 1000000.0},
			"nats": map[string]any{"secret": "nats"}, "uninstall": true,
		},
	} {
		lint := action.NewLint()
		lint.Strict, lint.Namespace = true, agents
		if result := lint.Run([]string{agentsChart}, given); len(result.Errors) > 0 {
			t.Errorf("lint: %v", result.Errors)
		}
		files, err := render(loaded, given, release(agents, agents))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			decode(t, name, text)
		}
		if strings.Contains(files["config.yaml"], `"name": "own"`) != (given != nil) || strings.Contains(files["daemonset.yaml"], `value: "1000000"`) != (given != nil) {
			t.Errorf("the values don't count:\n%s\n%s", files["config.yaml"], files["daemonset.yaml"])
		}
	}
	if _, err := render(loaded, nil, release(agents, "kube-system")); err == nil || !strings.Contains(err.Error(), "have to be in the namespace c2c-cni") {
		t.Errorf("in another namespace: %v", err)
	}
	if _, err := render(loaded, map[string]any{"overlays": "x"}, release(agents, agents)); err == nil || !strings.Contains(err.Error(), "'overlays' not allowed") {
		t.Errorf("an unknown value: %v", err)
	}
}
