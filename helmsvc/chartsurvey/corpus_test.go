package chartsurvey

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindlibrary"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// TestMain is also the process that checks a chart, and those that render it.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "work" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{
			HandleName: Handle(openChecker), bindtemplate.HandleName: bindtemplate.Handle, render.HandleName: render.Handle,
		}))
	}
	os.Exit(m.Run())
}

func openChecker(json.RawMessage) (chartcheck.Checker, error) {
	workers := &sandbox.Workers{Command: []string{os.Args[0], "work"}}
	library, err := bindlibrary.New("")
	return chartcheck.Checker{
		Library:   library,
		Templates: &bindtemplate.Evaluator{Workers: workers, Limits: sandbox.Limits{Time: 5 * time.Second, Memory: 128 << 20}},
		Renderer:  &render.Renderer{Workers: workers, Limits: sandbox.Limits{Time: 20 * time.Second, Memory: 64 << 20}, Output: 8 << 20},
	}, err
}

// server is what most charts have: pods, a Service, and a Secret with a password.
const server = `
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}"}
stringData: {password: s3cr3t}
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec: {type: "{{ .Values.type | default "ClusterIP" }}", selector: {app: a}, ports: [{name: main, port: 80, targetPort: main}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: "{{ .Release.Name }}"}
spec:
  serviceName: "{{ .Release.Name }}"
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      {{- with .Values.pod }}{{ toYaml . | nindent 6 }}{{ end }}
      containers: [{name: main, image: "a/server:1", ports: [{name: main, containerPort: 8080}], readinessProbe: {tcpSocket: {port: main}}}]
---
`

// corpus are charts in the shapes that public ones have, each of the server and the
// files that are added, with what is to come of it: the outcome, and words of what it
// needs or fails for.
var corpus = map[string]struct {
	files   map[string]string
	outcome Outcome
	words   []string
}{
	"plain":             {nil, Passes, nil},
	"sysctl-init":       {files("values.yaml", "pod: {initContainers: [{name: sysctl, image: busybox, command: [sysctl, -w, vm.max_map_count=262144], securityContext: {privileged: true}}]}"), Needs, []string{"pod_security: privileged"}},
	"unsafe-sysctl":     {files("values.yaml", "pod: {securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}}"), Needs, []string{"pod_security: privileged"}},
	"added-capability":  {files("values.yaml", "pod: {initContainers: [{name: i, image: a, securityContext: {capabilities: {add: [SYS_RESOURCE]}}}]}"), Needs, []string{"pod_security: privileged"}},
	"volume-owner-init": {files("values.yaml", "pod: {initContainers: [{name: chown, image: a, securityContext: {runAsUser: 0}}]}"), Passes, nil},
	"host-port":         {files("values.yaml", "pod: {hostNetwork: true}"), Needs, []string{"pod_security: privileged", "allow_exposure: true"}},
	"its-own-plan":      {files("values.yaml", "pod: {hostNetwork: true}", "plans.yaml", "- {name: small, file: small.yaml, pod_security: privileged, allow_exposure: true}", "plans/small.yaml", ""), Passes, nil},
	"load-balancer": {files("values.yaml", "type: LoadBalancer\npod: {initContainers: [{name: discover, image: kubectl, command: [sh, -c, 'kubectl get svc -o jsonpath={.status.loadBalancer.ingress}']}]}"),
		Passes, nil},
	"cluster-role": {files("templates/r.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: '{{ .Release.Name }}'}\nrules: []\n"), Needs, []string{"cluster_objects: [ClusterRole]"}},
	"policy-behind-capabilities": {files("templates/p.yaml", `{{ if .Capabilities.APIVersions.Has "policy/v1beta1" }}
apiVersion: policy/v1beta1
kind: PodSecurityPolicy
metadata: {name: p}
{{ end }}`), Passes, nil},
	"kinds-behind-capabilities": {files("templates/p.yaml", `{{ if not (.Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget") }}{{ fail "policy/v1 is needed" }}{{ end }}`), Passes, nil},
	"policy-of-old":             {files("templates/p.yaml", "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: p}\n"), Fails, []string{"has not served PodSecurityPolicy (policy/v1beta1) since 1.25"}},
	"deployment-of-old":         {files("templates/p.yaml", "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: p}\n"), Fails, []string{"has not served extensions/v1beta1 since 1.16"}},
	"operator":                  {files("templates/k.yaml", "apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: k}\n"), Needs, []string{"an operator for kafka.strimzi.io"}},
	"operator-of-its-own": {files("templates/k.yaml", "apiVersion: example.com/v1\nkind: X\nmetadata: {name: k}\n",
		"crds/x.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\nspec: {group: example.com, names: {kind: X, plural: xs}, scope: Namespaced, versions: [{name: v1, served: true, storage: true}]}\n"),
		Needs, []string{"cluster_objects: [CustomResourceDefinition]"}},
	"required":           {files("templates/s.yaml", `# {{ required "auth.rootPassword has to be given" .Values.rootPassword }}`), Needs, []string{"templates/s.yaml:1:5: ", "auth.rootPassword has to be given"}},
	"fail":               {files("templates/s.yaml", `{{ if not .Values.license }}{{ fail "accept the license" }}{{ end }}`), Needs, []string{"accept the license"}},
	"required-by-schema": {files("values.schema.json", `{"type": "object", "required": ["license"]}`), Needs, []string{"values.schema.json: at '': missing property 'license'"}},
	"nil-pointer":        {files("templates/s.yaml", "# {{ .Values.a.b.c }}"), Fails, []string{"nil pointer"}},
	"many-alike":         {files("templates/q.yaml", "{{ range until 74 }}\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q{{ . }}}\n{{ end }}"), Passes, nil},
	"large": {files("templates/l.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l}\ndata: {text: "+noise(820_000)+"}\n"),
		Fails, []string{"the release is too large", "a Secret, in which Helm keeps it, holds 1048576"}},
	"endless":         {files("templates/l.yaml", "{{ range until 100000000 }}{{ sha256sum \"x\" }}{{ end }}"), Fails, []string{"rendering the chart takes more than"}},
	"plans-no-list":   {files("plans.yaml", "small: {}"), Fails, []string{"plans.yaml:1: a list is expected"}},
	"plans-misspelt":  {files("plans.yaml", "- name: small\n  file: small.yaml\n  qouta: 3\n"), Fails, []string{`plans.yaml:3: entry 1: the key "qouta" isn't known; is quota meant?`}},
	"library":         {files("Chart.yaml", "apiVersion: v2\nname: library\nversion: 1.0.0\ntype: library\n"), Library, []string{"type: library"}},
	"no-dependencies": {files("Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\ndependencies: [{name: common, version: 1.x.x, repository: 'oci://example.com/c'}]\n"), Needs, []string{"helm dependency build"}},
	"elsewhere":       {files("templates/r.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: kube-system}\n"), Fails, []string{"outside the instance's"}},
	"a-template":      {files("Chart.yaml", "apiVersion: v2\nname: {{ name }}\nversion: {{ version }}\n"), Fails, []string{"Chart.yaml:3: "}},
}

// noise is a text that packing makes as long as the bytes that it stands for.
func noise(bytes int) string {
	text := make([]byte, bytes)
	_, _ = rand.NewChaCha8([32]byte{}).Read(text)
	return "x" + hex.EncodeToString(text)
}

func files(namesAndTexts ...string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		all[namesAndTexts[i]] = namesAndTexts[i+1]
	}
	return all
}

func writeCorpus(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, c := range corpus {
		all := files("Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\n", "values.yaml", "", "templates/server.yaml", server)
		for file, text := range c.files {
			all[file] = text
		}
		for file, text := range all {
			path := filepath.Join(dir, name, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// TestCorpus surveys all of them at once.
func TestCorpus(t *testing.T) {
	survey := Survey{
		Workers: &sandbox.Workers{Command: []string{os.Args[0], "work"}}, Limits: sandbox.Limits{Time: time.Minute, Memory: 512 << 20},
		Patience: 3 * time.Minute, Jobs: 4, Progress: io.Discard,
	}
	rows, err := survey.Run(t.Context(), writeCorpus(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(corpus) {
		t.Errorf("%d rows of %d charts", len(rows), len(corpus))
	}
	for _, row := range rows {
		want := corpus[filepath.Base(row.Path)]
		var texts []string
		for _, r := range append(row.Needs, row.Why...) {
			texts = append(texts, r.Text)
		}
		all := strings.Join(texts, "\n")
		if row.Outcome != want.outcome || want.outcome == Passes && all != "" {
			t.Errorf("%s: it %s: %s", row.Path, row.Outcome, all)
		}
		for _, words := range want.words {
			if !strings.Contains(all, words) {
				t.Errorf("%s: %q isn't in %q", row.Path, words, all)
			}
		}
		if row.Outcome == Passes && (!row.Bindable || row.RendererMemory < 1<<20 || row.CheckMemory < 1<<20) {
			t.Errorf("%s: %+v", row.Path, row)
		}
		if name := filepath.Base(row.Path); (name == "many-alike" || name == "load-balancer") && row.Warnings > 2 {
			t.Errorf("%s: %d warnings", name, row.Warnings)
		}
	}
}

// TestUnchecked: a check that takes more than it may is a row like others.
func TestUnchecked(t *testing.T) {
	dir := writeCorpus(t)
	for _, c := range []struct {
		limits   sandbox.Limits
		patience time.Duration
		words    string
	}{
		{sandbox.Limits{Time: time.Minute, Memory: 1 << 20}, time.Minute, "more than 1 MB of memory"},
		{sandbox.Limits{Time: time.Minute, Memory: 512 << 20}, time.Nanosecond, "more than 1ns"},
	} {
		survey := Survey{Workers: &sandbox.Workers{Command: []string{os.Args[0], "work"}}, Limits: c.limits, Patience: c.patience, Jobs: 1, Progress: io.Discard}
		rows, err := survey.Run(t.Context(), filepath.Join(dir, "plain"))
		if err != nil || len(rows) != 1 || rows[0].Outcome != Fails || !strings.Contains(rows[0].Why[0].Text, c.words) {
			t.Errorf("%+v, %v", rows, err)
		}
	}
}
