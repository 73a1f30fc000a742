package chartcheck_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
)

func TestRender(t *testing.T) {
	folder := good().and(files{
		"templates/hook.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {helm.sh/hook: pre-install}}\n",
		"templates/kube.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'v{{ .Capabilities.KubeVersion.Minor }}'}\n",
	}).write(t)
	c := checker(t)
	c.KubeVersion = &chartutil.KubeVersion{Version: "v1.31.0", Major: "1", Minor: "31"}
	got, err := c.Render(t.Context(), folder, "large", []byte(`{"type": "NodePort"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"---\n# Source: db/templates/service.yaml\napiVersion: v1\nkind: Service\n", "replicas: 3", "type: NodePort", "name: 'v31'", "---\n# Source: db/templates/hook.yaml\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q isn't among the manifests\n%s", want, got)
		}
	}
}

// TestCapabilities tells a chart what the newest cluster serves, or one of the version
// that is asked for, and what the chart's crds/ brings.
func TestCapabilities(t *testing.T) {
	const asks = "{{ if not (.Capabilities.APIVersions.Has %q) }}{{ fail \"it isn't served\" }}{{ end }}"
	crd := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\nspec: {group: example.com, names: {kind: X, plural: xs}, scope: Namespaced, versions: [{name: v1, served: true, storage: true}]}\n"
	for name, c := range map[string]struct {
		api, version string
		served       bool
	}{
		"a kind":                      {"batch/v1/CronJob", "1.37.0", true},
		"a group":                     {"batch/v1", "1.37.0", true},
		"a version that is gone":      {"policy/v1beta1/PodDisruptionBudget", "1.37.0", false},
		"a version that was there":    {"policy/v1beta1/PodDisruptionBudget", "1.24.0", true},
		"PodSecurityPolicy":           {"policy/v1beta1/PodSecurityPolicy", "1.37.0", false},
		"a kind of the chart's crds/": {"example.com/v1/X", "1.37.0", true},
		"a kind of nobody's":          {"example.com/v1/Y", "1.37.0", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := good().and(files{"templates/x.yaml": fmt.Sprintf(asks, c.api), "crds/x.yaml": crd}).write(t)
			checker := checker(t)
			checker.KubeVersion = &chartutil.KubeVersion{Version: "v" + c.version, Major: "1", Minor: strings.Split(c.version, ".")[1]}
			_, err := checker.Render(t.Context(), folder, "small", nil)
			if (err == nil) != c.served || err != nil && !strings.Contains(err.Error(), "it isn't served") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	two := files{"a/Chart.yaml": "x", "b/Chart.yaml": "y"}
	for name, c := range map[string]struct {
		chart            files
		plan, parameters string
		argument         bool // the caller's mistake, not the chart's
		want             string
	}{
		"unknown plan":   {good(), "huge", "", true, `no plan "huge"; it has: small, large`},
		"several charts": {two, "small", "", true, "holds 2 charts"},
		"no chart":       {files{"README.md": ""}, "small", "", true, "there is no chart in"},
		"schema":         {good(), "small", `{"replicas": "many"}`, false, "at '/replicas'"},
		"no object":      {good(), "small", `[1]`, false, "parameters must be a JSON object"},
		"bad chart":      {good().and(files{"plans/small.yaml": "absent"}), "small", "", false, "plans/small.yaml can't be read"},
		"bad template":   {good().and(files{"templates/x.yaml": "{{ fail \"no\" }}"}), "small", "", false, "templates/x.yaml:1:3: no"},
	} {
		t.Run(name, func(t *testing.T) {
			manifests, err := checker(t).Render(t.Context(), c.chart.write(t), c.plan, []byte(c.parameters))
			if err == nil || !strings.Contains(err.Error(), c.want) || manifests != "" {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			var argument *chartcheck.ArgumentError
			if errors.As(err, &argument) != c.argument {
				t.Errorf("%v is the wrong kind of error", err)
			}
		})
	}
}
