package bindtemplate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// TestMain is also the child process of the evaluations.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "evaluate" {
		os.Exit(sandbox.Serve(os.Stdin, os.Stdout, map[string]sandbox.Handle{bindtemplate.HandleName: bindtemplate.Handle}))
	}
	os.Exit(m.Run())
}

func evaluator(t *testing.T) *bindtemplate.Evaluator {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &bindtemplate.Evaluator{
		Workers: &sandbox.Workers{Command: []string{self, "evaluate"}}, Limits: sandbox.Limits{Time: 5 * time.Second, Memory: 128 << 20},
	}
}

const sees = `{
  "secrets": [{"name": "first", "data": {"root-password": "s3cr3t"}}, {"name": "second", "data": {}}],
  "services": [{"name": "k-x-db", "spec": {"clusterIP": "10.255.0.7", "ports": [{"port": 3306}]}, "metadata": {"labels": {"app": "db"}},
                "status": {"loadBalancer": {"ingress": [{"ip": "10.255.0.7", "hostname": "10.255.0.7"}]}}},
               {"name": "k-x-admin", "spec": {"clusterIP": "10.255.0.8", "ports": [{"port": 80}]}}]
}`

// TestTemplates evaluates templates in the shapes that Kibosh's users have
// published.
func TestTemplates(t *testing.T) {
	for name, c := range map[string]struct{ template, want string }{
		"plain":         {`{hostname: $.services[0].status.loadBalancer.ingress[0].ip, port: $.services[0].spec.ports[0].port}`, `{"hostname":"10.255.0.7","port":3306}`},
		"leading local": {`local svc = std.filter(function(s) std.endsWith(s.name, "-db"), $.services)[0]; {host: svc.spec.clusterIP}`, `{"host":"10.255.0.7"}`},
		"by index":      {`{admin: $.services[1].spec.clusterIP}`, `{"admin":"10.255.0.8"}`},
		"self and $":    {`{password: $.secrets[0].data["root-password"], uri: "mysql://root:" + self.password + "@" + $.services[0].spec.clusterIP}`, `{"password":"s3cr3t","uri":"mysql://root:s3cr3t@10.255.0.7"}`},
		"by label":      {`{host: [s.spec.clusterIP for s in $.services if std.objectHas(s, "metadata") && s.metadata.labels.app == "db"][0]}`, `{"host":"10.255.0.7"}`},
		"comment":       {"{a: 1} // the end", `{"a":1}`},
		"empty":         {`{}`, `{}`},
		"several lines": {"{\n  a: 1,\n\n  b: 'x',\n}", `{"a":1,"b":"x"}`},
	} {
		t.Run(name, func(t *testing.T) {
			template, err := bindtemplate.Parse("bind.yaml", []byte("template: |\n  "+strings.ReplaceAll(c.template, "\n", "\n  ")))
			if err != nil {
				t.Fatal(err)
			}
			got, err := evaluator(t).Evaluate(t.Context(), template, json.RawMessage(sees))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestMistakes are reported with the line of the file, and without a secret.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"missing field":  {"template: |\n  {\n    a: 1,\n    b: $.nothing,\n  }", "bind.yaml:4:"},
		"out of bounds":  {"# a comment\ntemplate: |\n  {a: $.secrets[7]}", "bind.yaml:3:"},
		"on one line":    {"template: '{a: $.nothing}'", "bind.yaml:1:"},
		"a list":         {"template: '[1]'", "must yield an object"},
		"a string":       {"template: '\"x\"'", "must yield an object"},
		"null":           {"template: 'null'", "must yield an object"},
		"a function":     {"template: 'function(x) x'", "function"},
		"import":         {"template: 'import \"/etc/passwd\"'", "import not available"},
		"importstr":      {"template: '{a: importstr \"/etc/passwd\"}'", "import not available"},
		"recursion":      {"template: 'local f(x) = f(x + 1); {a: f(1)}'", "max stack frames"},
		"syntax":         {"template: |\n  {\n    a: ,\n  }", "bind.yaml:3:"},
		"no template":    {"other: x", "unknown key"},
		"empty file":     {"", "empty"},
		"empty template": {"template: ''", "needs a key"},
		"a list of YAML": {"- template", "must be a map"},
		"not YAML":       {"template: 'x", "isn't valid YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			template, err := bindtemplate.Parse("bind.yaml", []byte(c.file))
			if err == nil {
				_, err = evaluator(t).Evaluate(t.Context(), template, json.RawMessage(sees))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

// TestBounds ends templates that would never end by themselves.
func TestBounds(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		timeout  time.Duration
		want     string
	}{
		"memory": {`local double(s, n) = if n == 0 then s else double(s + s, n - 1); {a: double("0123456789abcdef", 40)}`, time.Minute, "used more than"},
		"loop":   {`local f(n) = if n == 0 then 0 else std.foldl(function(x, i) x + f(n - 1), std.range(1, 10), 0); {a: f(30)}`, time.Second, "took longer than 1s of processor time"},
	} {
		t.Run(name, func(t *testing.T) {
			template, err := bindtemplate.Parse("bind.yaml", []byte("template: |\n  "+c.template))
			if err != nil {
				t.Fatal(err)
			}
			e := evaluator(t)
			e.Limits.Time = c.timeout
			if _, err = e.Evaluate(t.Context(), template, json.RawMessage(sees)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	template, err := bindtemplate.Parse("bind.yaml", []byte("template: '{}'"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evaluator(t).Evaluate(ctx, template, json.RawMessage(sees)); err == nil {
		t.Error("a cancelled evaluation went well")
	}
}

// TestKept evaluates one template after the other in one process, also if it
// has died meanwhile or was ended by a template, and several at once.
func TestKept(t *testing.T) {
	template, err := bindtemplate.Parse("bind.yaml", []byte("template: '{a: $.n}'"))
	if err != nil {
		t.Fatal(err)
	}
	warm := evaluator(t)
	warm.Workers.Keep = true
	evaluate := func(n int) {
		got, err := warm.Evaluate(t.Context(), template, json.RawMessage(fmt.Sprintf(`{"n": %d}`, n)))
		if want := fmt.Sprintf(`{"a":%d}`, n); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	for n := range 3 {
		evaluate(n)
	}
	for _, child := range childrenOf(t, os.Getpid()) {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	evaluate(4)
	loop, err := bindtemplate.Parse("bind.yaml", []byte("template: 'local f(n) = if n == 0 then 0 else std.foldl(function(x, i) x + f(n - 1), std.range(1, 10), 0); {a: f(30)}'"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := warm.Evaluate(t.Context(), loop, json.RawMessage("{}")); err == nil || !strings.Contains(err.Error(), "processor time") {
		t.Errorf("a template that loops ended with %v", err)
	}
	evaluate(5)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() { evaluate(n) })
	}
	all.Wait()
}

func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}
