package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestBadChartsAreLeftOut puts bad charts beside a good one: each is reported
// with its place and the reason, and the good one is served.
func TestBadChartsAreLeftOut(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(kiboshCharts)); err != nil {
		t.Fatal(err)
	}
	const plan = "- {name: small, file: small.yaml}\n"
	bad := map[string]struct {
		files map[string]string
		words []string
	}{
		"bad-plans": {map[string]string{"Chart.yaml": chartFile("bad-plans"), "plans.yml": plan},
			[]string{"plans.yml, entry 1", "plans/small.yaml", "file does not exist"}},
		"bad-twice": {map[string]string{"Chart.yaml": chartFile("bad-twice"), "plans.yaml": plan + plan, "plans/small.yaml": ""},
			[]string{"plans.yaml, entry 2", `"small" is used twice`}},
		"bad-newer": {map[string]string{"Chart.yaml": chartFile("bad-newer") + "kubeVersion: \">=9.0.0\"\n"},
			[]string{"Chart.yaml", "kubeVersion: >=9.0.0", "the cluster has Kubernetes v1."}},
		"bad-schema": {map[string]string{"Chart.yaml": chartFile("bad-schema"), "values.schema.json": `{"type": "maybe"}`},
			[]string{"values.schema.json", "isn't a JSON schema"}},
		"bad-twin": {map[string]string{"Chart.yaml": strings.Replace(chartFile("site"), "1.0.0", "3.2.1", 1)},
			[]string{`a chart named "site"`, "bad-twin", "the same version"}},
		"bad-syntax": {map[string]string{"Chart.yaml": chartFile("bad-syntax"), "bind.yml": "template: |\n  local a = 1;\n  { a: a\n"},
			[]string{"bind.yml:", "Expected"}},
		"bad-bind": {map[string]string{"Chart.yaml": chartFile("bad-bind"), "bind.yaml": "templates: |\n  {}\n"},
			[]string{"bind.yaml:1", `"templates"`}},
		"bad-tsmgr": {map[string]string{"Chart.yaml": chartFile("bad-tsmgr"), "tsmgr/plans.yaml": plan},
			[]string{"plans.yaml, entry 1", "plans/small.yaml", "file does not exist"}},
		"bad-pair": {map[string]string{"one/Chart.yaml": chartFile("one"), "two/Chart.yaml": chartFile("two"), "tsmgr/plans.yaml": plan},
			[]string{"2 charts", "tsmgr"}},
		"bad-requirements": {map[string]string{"Chart.yaml": chartFile("bad-requirements"), "requirements.yaml": "dependencies: [{name: far, version: 1.0.0, repository: https://charts.example.com}]"},
			[]string{`"far"`, "helm dependency build"}},
		"bad-helper": {map[string]string{"Chart.yaml": chartFile("bad-helper"), "plans.yaml": plan, "plans/small.yaml": `a: {{ template "bad-helper.none" . }}`},
			[]string{`plan "small"`, "bad-helper.none"}},
		"bad-archive.tgz": {map[string]string{"": "not an archive"}, []string{"loading the chart"}},
	}
	for name, b := range bad {
		writeFiles(t, filepath.Join(folder, name), b.files)
	}
	f := newFoundation(t, folder, nil)
	if len(f.catalog.Services) != 5 {
		t.Errorf("the catalog has %d services, want the 5 good ones: %+v", len(f.catalog.Services), f.catalog.Services)
	}
	for where, all := range map[string]leftOut{"/readyz": f.leftOutOfReadiness(), "the log": f.leftOutOfLog()} {
		if len(all) != len(bad) {
			t.Errorf("%s tells of %d charts, want %d", where, len(all), len(bad))
		}
		for name, b := range bad {
			place := filepath.Join(folder, name)
			if name == "bad-twin" {
				place = filepath.Join(folder, "site") // the later of the two
			}
			for _, words := range b.words {
				if !strings.Contains(all[place], words) {
					t.Errorf("%s says of %s: %q; want %q in it", where, place, all[place], words)
				}
			}
		}
	}
	i := f.create("cache", "large", nil)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.delete(i)
}

// TestBadChartsFailAtBind has bind templates whose mistakes show when they are
// evaluated: the bind is refused with words, opens nothing, and the broker goes on.
func TestBadChartsFailAtBind(t *testing.T) {
	folder := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.txt")
	writeFiles(t, filepath.Dir(secret), map[string]string{"secret.txt": "s3cr3t-of-the-broker"})
	all, err := os.ReadFile(filepath.Join(kiboshCharts, "cache", "cache", "templates", "all.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]struct{ template, words string }{
		"a-list":         {"[1, 2]", "bind.yaml:2: the template must yield an object"},
		"a-text":         {"\"mysql://\" + $.services[0].name", "bind.yaml:2: the template must yield an object"},
		"an-import":      {"import \"" + secret + "\"", "bind.yaml:2:1"},
		"an-importstr":   {"{ a: importstr \"" + secret + "\" }", "bind.yaml:2:6"},
		"an-index":       {"{ a: $.services[7].name }", "bind.yaml:2:"},
		"an-own-error":   {"{ a: error \"no service\" }", "no service"},
		"a-load":         {"local double(s, n) = if n == 0 then s else double(s + s, n - 1);\n  { a: double(\"0123456789abcdef\", 40) }", "used more than"},
		"a-recursion":    {"local f(n) = 1 + f(n + 1);\n  { a: f(0) }", "bind.yaml:2:"},
		"an-ext-var":     {"{ a: std.extVar(\"PATH\") }", "bind.yaml:2:"},
		"a-native":       {"{ a: std.native(\"exec\")(\"id\") }", "bind.yaml:2:"},
		"a-missing-data": {"{ a: $.secrets[0].data.password }", "Field does not exist: password; bind.yaml:2:"},
	}
	for name, b := range bad {
		writeFiles(t, filepath.Join(folder, name), map[string]string{
			"Chart.yaml": chartFile(name), "values.yaml": "size: 1", "templates/all.yaml": string(all),
			"bind.yaml": "template: |\n  " + b.template + "\n",
		})
	}
	f := newFoundation(t, folder, map[string]string{"BIND_TEMPLATE_TIMEOUT": "20s"})
	for name, b := range bad {
		t.Run(name, func(t *testing.T) {
			i := f.create(name, "default", nil)
			answer := f.want(500)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
			if !strings.Contains(answer.Description(), b.words) || strings.Contains(string(answer.Body), "s3cr3t") {
				t.Errorf("the answer %s, want %q in it", answer.Body, b.words)
			}
			f.wantPolicies()
		})
	}
}
