package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckPush: a push that would start is told from one that wouldn't, and no value of a
// variable is printed.
func TestCheckPush(t *testing.T) {
	const password, token = "pass-word-0123", "token-0123456789"
	good := map[string]string{
		"broker-username": "platform", "broker-password": password, "kubernetes-server": "https://192.0.2.10:6443", "kubernetes-token": token,
		"kubernetes-ca": "ca", "cf-api": "https://api.example.com", "cf-client-id": "client", "cf-client-secret": "secret-0123",
	}
	for name, c := range map[string]struct {
		vars   map[string]string // beside the good ones; "": there is none
		env    string            // added to the manifest's
		mishap func(t *testing.T, folder string)
		exit   int
		says   []string
	}{
		"all is well": {says: []string{"ok       variables", "ok       program", "ok       settings               the broker would start", "1 service, 1 plan", "0 failed"}},
		"a variable has no value": {vars: map[string]string{"kubernetes-token": ""}, exit: 1,
			says: []string{"failed   variables              ((kubernetes-token)) has no value", "SERVER needs TOKEN and CA_DATA"}},
		"a variable is misspelt":          {vars: map[string]string{"broker-pasword": "x"}, says: []string{"warning  variables", "doesn't name ((broker-pasword))"}},
		"a setting is wrong":              {vars: map[string]string{"cf-api": "api.example.com"}, exit: 1, says: []string{"failed   settings               CF_API_ADDRESS must be a URL"}},
		"a secret where a number is due":  {vars: map[string]string{"cf-api": token}, env: "      OPERATION_WORKERS: ((cf-api))\n", exit: 1, says: []string{"failed   settings               OPERATION_WORKERS must be a whole number"}},
		"a setting that there isn't":      {env: "      OPERATION_TIME_OUT: 5m\n", says: []string{"warning  settings               OPERATION_TIME_OUT is none of the broker's"}},
		"a number":                        {env: "      OPERATION_WORKERS: 0\n", exit: 1, says: []string{"OPERATION_WORKERS must be at least 1"}},
		"a list":                          {env: "      OPERATION_WORKERS: [1]\n", exit: 1, says: []string{"OPERATION_WORKERS is neither text nor a number"}},
		"nothing is built":                {mishap: removes("dist"), exit: 1, says: []string{"failed   program", "make dist, if it is for that; broker --help"}},
		"no charts are pushed":            {mishap: removes("dist/linux-amd64/charts"), exit: 1, says: []string{"HELM_CHART_DIR"}},
		"a chart's plan can't be read":    {mishap: writes("dist/linux-amd64/charts/db/plans.yaml", "- {name: Odd Name}"), exit: 1, says: []string{"failed   charts", "left out"}},
		"it isn't a manifest":             {mishap: writes("manifest.yml", "applications: 7"), exit: 2, says: []string{"isn't a manifest"}},
		"variables that aren't":           {mishap: writes("vars.yml", "- "+password), exit: 2, says: []string{"vars.yml isn't YAML with a value for each variable"}},
		"it has nothing of a file":        {mishap: removes("vars.yml"), exit: 2, says: []string{"reading variables"}},
		"there is more than one app here": {mishap: writes("manifest.yml", "applications: [{name: a}, {name: b}]"), exit: 2, says: []string{"has 2 applications"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := pushFolder(t)
			vars := maps.Clone(good)
			maps.Copy(vars, c.vars)
			var text strings.Builder
			for name, value := range vars {
				if value != "" {
					text.WriteString(name + ": " + value + "\n")
				}
			}
			writes("vars.yml", text.String())(t, folder)
			manifest, err := os.ReadFile("../../manifest.yml")
			if err != nil {
				t.Fatal(err)
			}
			writes("manifest.yml", string(manifest)+c.env)(t, folder)
			if c.mishap != nil {
				c.mishap(t, folder)
			}
			var out bytes.Buffer
			exit := run(t.Context(), []string{"check", "--manifest", filepath.Join(folder, "manifest.yml"), "--vars-file", filepath.Join(folder, "vars.yml")}, &out, &out)
			if exit != c.exit {
				t.Errorf("exit status %d, want %d", exit, c.exit)
			}
			for _, words := range c.says {
				if !strings.Contains(out.String(), words) {
					t.Errorf("it doesn't say %q", words)
				}
			}
			for _, value := range vars {
				if len(value) > 3 && strings.Contains(out.String(), value) {
					t.Errorf("it prints %q", value)
				}
			}
			if t.Failed() {
				t.Log(out.String())
			}
		})
	}
}

// TestCheckUsage: flags that mean nothing by themselves are a mistake.
func TestCheckUsage(t *testing.T) {
	for says, args := range map[string][]string{
		"--vars-file goes with --manifest": {"--vars-file", "x"},
		"--image goes with --network":      {"--image", "x"},
		"and neither with --manifest":      {"--network", "--manifest", "manifest.yml"},
	} {
		var out bytes.Buffer
		if exit := run(t.Context(), append([]string{"check"}, args...), &out, &out); exit != 2 || !strings.Contains(out.String(), says) {
			t.Errorf("%v: %d: %s", args, exit, &out)
		}
	}
}

// pushFolder is what `make dist` leaves.
func pushFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for file, text := range map[string]string{
		"broker": "#!", "charts/db/Chart.yaml": "apiVersion: v2\nname: db\ndescription: d\nversion: 1.0.0\n", "charts/db/plans.yaml": "- {name: small, description: s, file: small.yaml}\n",
		"charts/db/plans/small.yaml": "{}\n", "charts/db/templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	} {
		writes("dist/linux-amd64/"+file, text)(t, folder)
	}
	return folder
}

func writes(file, text string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		t.Helper()
		path := filepath.Join(folder, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func removes(file string) func(*testing.T, string) {
	return func(t *testing.T, folder string) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(folder, file)); err != nil {
			t.Fatal(err)
		}
	}
}
