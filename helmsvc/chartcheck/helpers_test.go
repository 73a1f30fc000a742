package chartcheck_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// TestMain is also the child process that evaluates bind templates.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "evaluate" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{bindtemplate.HandleName: bindtemplate.Handle, render.HandleName: render.Handle}))
	}
	os.Exit(m.Run())
}

// workers are shared by all tests: with the race detector the start of a process
// takes a second.
var workers = &sandbox.Workers{Command: []string{os.Args[0], "evaluate"}, Keep: true}

func checker(t *testing.T) chartcheck.Checker {
	t.Helper()
	limits := sandbox.Limits{Time: 10 * time.Second, Memory: 256 << 20}
	return chartcheck.Checker{
		Templates: &bindtemplate.Evaluator{Workers: workers, Limits: limits},
		Renderer:  &render.Renderer{Workers: workers, Limits: limits, Output: 8 << 20},
	}
}

// files are a chart's, by their path in its folder.
type files map[string]string

// good is a chart without a mistake or a warning.
func good() files {
	return files{
		"Chart.yaml":         "apiVersion: v2\nname: db\nversion: 1.2.3\n",
		"values.yaml":        "replicas: 1\ntype: ClusterIP\n",
		"values.schema.json": `{"type": "object", "properties": {"replicas": {"type": "integer"}}}`,
		"plans.yaml":         "- {name: small, file: small.yaml}\n- {name: large, file: large.yaml}\n",
		"plans/small.yaml":   "",
		"plans/large.yaml":   "replicas: 3\n",
		"bind.yaml":          "template: |\n  {\n    host: $.services[0].spec.clusterIP,\n    port: $.services[0].spec.ports[0].port,\n    password: $.secrets[0].data.password,\n  }\n",
		"templates/secret.yaml": `apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-db"}
stringData: {password: s3cr3t}
`,
		"templates/service.yaml": `apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}-db"}
spec:
  type: {{ .Values.type }}
  selector: {app: db}
  ports: [{name: db, port: 80, targetPort: main}]
`,
		"templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-db"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: db:1
          ports: [{name: main, containerPort: 5432}]
          readinessProbe: {tcpSocket: {port: main}}
`,
	}
}

// and is the chart with other files in place of its own.
func (f files) and(others files) files {
	for name, text := range others {
		f[name] = text
	}
	return f
}

func (f files) write(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range f {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if text == "absent" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// check returns the report on the one chart in folder.
func check(t *testing.T, folder string) chartcheck.Report {
	t.Helper()
	report, err := checker(t).Check(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func text(t *testing.T, r chartcheck.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
