package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain is also the sandbox.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workInSandbox {
		os.Exit(serveSandbox(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCharts runs the subcommands as a chart's author does.
func TestCharts(t *testing.T) {
	const charts, echo = "../../charts", "../../charts/echo"
	bad := t.TempDir()
	writeFile(t, filepath.Join(bad, "Chart.yaml"), "apiVersion: v2\nname: bad\nversion: 1.0.0\n")
	writeFile(t, filepath.Join(bad, "bind.yaml"), "template: |\n  {a: $.nothing}")
	writeFile(t, filepath.Join(bad, "templates", "x.yaml"), "{{ if .Values.fail }}{{ fail \"as told\" }}{{ end }}")
	raw := t.TempDir()
	writeFile(t, filepath.Join(raw, "Chart.yaml"), "apiVersion: v2\nname: raw\nversion: 1.0.0\n")
	replicas := writeFile(t, filepath.Join(t.TempDir(), "v.json"), `{"replicas": 4}`)
	told := writeFile(t, filepath.Join(t.TempDir(), "v.json"), `{"fail": true}`)
	for name, c := range map[string]struct {
		args           []string
		exit           int
		stdout, stderr string // words; empty: nothing is written
	}{
		"nothing":           {nil, 2, "", "broker charts check DIR"},
		"help":              {[]string{"--help"}, 0, "broker charts check DIR", ""},
		"help of one":       {[]string{"check", "-h"}, 0, "broker charts check DIR", ""},
		"unknown":           {[]string{"lint"}, 2, "", `check, survey, bind and render, not "lint"`},
		"check":             {[]string{"check", charts}, 0, "3 charts, 6 plans: 0 mistakes, 0 warnings", ""},
		"check one":         {[]string{"check", echo}, 0, "tcp 8080  (http)", ""},
		"for a version":     {[]string{"check", echo, "--kube-version", "1.20"}, 1, "incompatible with Kubernetes v1.20", ""},
		"flag first":        {[]string{"check", "--kube-version=1.33", echo}, 0, "plan single: ok", ""},
		"check a bad one":   {[]string{"check", bad}, 1, "bind.yaml:2:", ""},
		"under a standard":  {[]string{"check", echo, "--pod-security", "restricted"}, 0, "plan single: ok", ""},
		"no standard":       {[]string{"check", echo, "--pod-security", "strict"}, 2, "", "must be one of privileged"},
		"check nothing":     {[]string{"check"}, 2, "", "needs a folder"},
		"check two":         {[]string{"check", "a", "b"}, 2, "", `not both "a" and "b"`},
		"check no folder":   {[]string{"check", filepath.Join(bad, "none")}, 2, "", "no such file"},
		"check no chart":    {[]string{"check", t.TempDir()}, 2, "", "there is no chart in"},
		"check with a plan": {[]string{"check", echo, "--plan", "x"}, 2, "", "-plan"},
		"no version":        {[]string{"check", echo, "--kube-version", "new"}, 2, "", "isn't a version"},
		"render":            {[]string{"render", echo, "--plan", "single"}, 0, "# Source: echo/templates/deployment.yaml\napiVersion: apps/v1", ""},
		"render values":     {[]string{"render", echo, "--plan", "single", "--values", replicas}, 0, "replicas: 4", ""},
		"render a bad one":  {[]string{"render", bad, "--plan", "default", "--values", told}, 1, "", "templates/x.yaml:1:"},
		"render no plan":    {[]string{"render", echo}, 2, "", "needs --plan"},
		"render other plan": {[]string{"render", echo, "--plan", "x"}, 2, "", "it has: single, replicated"},
		"render no values":  {[]string{"render", echo, "--plan", "single", "--values", "none.json"}, 2, "", "none.json"},
		"bind":              {[]string{"bind", echo, "--plan", "single"}, 0, `"url": "http://10.255.0.1:8080"`, "by bind.yaml"},
		"bind by name":      {[]string{"bind", echo, "--plan", "single", "--names", "--cluster-domain", "k8s.example"}, 0, `.svc.k8s.example:8080"`, "by bind.yaml"},
		"bind raw":          {[]string{"bind", raw, "--plan", "default"}, 0, `"endpoints": []`, "by no rule: all that there is"},
		"bind a bad one":    {[]string{"bind", bad, "--plan", "default"}, 1, "", "bind.yaml:2:"},
		"bind no plan":      {[]string{"bind", echo}, 2, "", "charts bind needs --plan"},
		"bind no library":   {[]string{"bind", echo, "--plan", "single", "--bind-library", "none/such"}, 2, "", "none/such"},
		"check no library":  {[]string{"check", raw, "--bind-library", "none"}, 0, "credentials by no rule: all that there is, shared by all bindings", ""},
		"survey":            {[]string{"survey", charts, "--jobs", "1"}, 0, "3 charts: 3 pass, 0 need something, 0 fail, 0 are libraries", "3/3  "},
		"survey as JSON":    {[]string{"survey", bad, "--json"}, 0, `"outcome": "fails"`, "1/1  "},
		"survey nothing":    {[]string{"survey", t.TempDir()}, 2, "", "there is no chart under"},
		"survey no folder":  {[]string{"survey", filepath.Join(bad, "none")}, 2, "", "no such file"},
		"survey no jobs":    {[]string{"survey", charts, "--jobs", "-1"}, 2, "", "must be 1 or more"},
		"render charts":     {[]string{"render", charts, "--plan", "single"}, 2, "", "holds 3 charts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			exit := run(t.Context(), append([]string{"charts"}, c.args...), &stdout, &stderr)
			if exit != c.exit {
				t.Errorf("exit status %d, want %d", exit, c.exit)
			}
			for _, stream := range []struct{ have, want string }{{stdout.String(), c.stdout}, {stderr.String(), c.stderr}} {
				if !strings.Contains(stream.have, stream.want) || stream.want == "" && stream.have != "" {
					t.Errorf("printed %q, want %q", stream.have, stream.want)
				}
			}
		})
	}
}
