package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestBadChart shows that one bad chart is reported and the others are served.
func TestBadChart(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("charts")); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(folder, "bad")
	if err := os.Mkdir(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: bad\nversion: 1.0.0\n",
		"plans.yaml": "- name: small\n  description: small\n  file: missing.yaml\n",
	} {
		if err := os.WriteFile(filepath.Join(bad, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := newFoundation(t, folder, nil)
	if len(f.catalog.Services) != 1 || f.catalog.Services[0].Name != "fixture" {
		t.Errorf("the catalog has %+v", f.catalog.Services)
	}
	var ready struct {
		Ready        bool                                `json:"ready"`
		Services     []struct{ Service, Version string } `json:"services"`
		Dependencies map[string]string                   `json:"dependencies"`
		Hints        []string                            `json:"hints"`
		LeftOut      []struct {
			Chart string `json:"chart"`
			Error string `json:"error"`
		} `json:"charts_left_out"`
	}
	f.must(f.want(200)(f.Send(t.Context(), http.MethodGet, "/readyz", nil)).Decode(&ready))
	if !ready.Ready || len(ready.Services) != 1 || len(ready.LeftOut) != 1 || ready.LeftOut[0].Chart != bad || !strings.Contains(ready.LeftOut[0].Error, "missing.yaml") {
		t.Errorf("/readyz says %+v", ready)
	}
	if ready.Dependencies["kubernetes"] != "ok" || ready.Dependencies["policy-api"] != "ok" {
		t.Errorf("/readyz says of the dependencies %v", ready.Dependencies)
	}
	if len(ready.Hints) != 1 || !strings.Contains(ready.Hints[0], "set CF_ORG and CF_SPACE") {
		t.Errorf("/readyz says of what is lost to the cleanup %q", ready.Hints)
	}
	if log := f.broker.Log(); !strings.Contains(log, "chart-left-out") || !strings.Contains(log, "missing.yaml") {
		t.Error("the log doesn't tell of the bad chart")
	}
}

func TestMetrics(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	binding := uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, f.app()))
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.delete(i)
	metrics := string(f.want(200)(f.Send(t.Context(), http.MethodGet, "/metrics", nil)).Body)
	for _, line := range []string{
		`cf_helm_broker_operation_seconds_count{result="succeeded",type="create"} 1`,
		`cf_helm_broker_operation_seconds_count{result="succeeded",type="delete"} 1`,
		`cf_helm_broker_operation_seconds_count{result="succeeded",type="bind"} 1`,
		`cf_helm_broker_operation_seconds_count{result="succeeded",type="unbind"} 1`,
		`cf_helm_broker_policy_calls_total{call="create",result="ok"} 1`,
		`cf_helm_broker_policy_calls_total{call="delete",result="ok"} 1`,
		`cf_helm_broker_dependency_up{dependency="kubernetes"} 1`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("/metrics has no %s", line)
		}
	}
	if health := f.want(200)(f.Send(t.Context(), http.MethodGet, "/healthz", nil)); string(health.Body) != "ok\n" {
		t.Errorf("/healthz says %s", health.Body)
	}
}
