package chartsurvey

import (
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartcheck"
)

// TestRowOf judges charts by what check has found.
func TestRowOf(t *testing.T) {
	plans := func(p ...chartcheck.Plan) chartcheck.Chart { return chartcheck.Chart{Name: "c", Plans: p} }
	fails := func(m ...string) chartcheck.Chart { return chartcheck.Chart{Name: "c", Mistakes: m} }
	const insecure = "templates/x.yaml: Pod x: … change the chart, or set `pod_security: privileged` in plans.yaml"
	for name, c := range map[string]struct {
		chart   chartcheck.Chart
		outcome Outcome
		reasons string // their kinds
	}{
		"fine":                     {plans(chartcheck.Plan{}), Passes, ""},
		"a library":                {fails(`Chart.yaml says "type: library"; only application charts can be installed`), Library, "it is a library chart"},
		"without dependencies":     {fails("Chart.yaml names the dependency \"common\" but charts/ doesn't hold it; run `helm dependency build`"), Needs, "helm dependency build"},
		"not valid":                {fails("plans.yaml:3: quota: a whole number is expected, and it is a text"), Fails, "files that aren't valid"},
		"a key of a plan":          {plans(chartcheck.Plan{Needs: []string{"pod_security: privileged"}, Mistakes: []string{insecure}, Lifted: 1}), Needs, "pod_security"},
		"a key, and a mistake":     {plans(chartcheck.Plan{Needs: []string{"pod_security: privileged"}, Mistakes: []string{insecure, "templates/y.yaml: X: Kubernetes has not served v1 since 1.22"}, Lifted: 1}), Fails, "API versions that are gone"},
		"kinds, and an operator":   {plans(chartcheck.Plan{Needs: []string{"cluster_objects: [ClusterRole]"}, Operators: []string{"kafka.strimzi.io"}}), Needs, "cluster_objects, an operator"},
		"a parameter":              {plans(chartcheck.Plan{Insists: true, Mistakes: []string{"templates/x.yaml:1:3: give auth.password"}}), Needs, "a parameter"},
		"a template":               {plans(chartcheck.Plan{Mistakes: []string{"templates/x.yaml:1:3: nil pointer evaluating"}}), Fails, "templates that fail"},
		"the same in two plans":    {plans(chartcheck.Plan{Mistakes: []string{"something"}}, chartcheck.Plan{Mistakes: []string{"something"}}), Fails, "others"},
		"one of two plans":         {plans(chartcheck.Plan{}, chartcheck.Plan{Mistakes: []string{"the release is too large"}}), Fails, "it is too large"},
		"warnings don't count":     {chartcheck.Chart{Warnings: []string{"w"}, Plans: []chartcheck.Plan{{Warnings: []string{"w"}}}}, Passes, ""},
		"objects in other places":  {plans(chartcheck.Plan{Mistakes: []string{"t: Role r: it lies in namespace kube-system, outside the instance's, which no plan allows"}}), Fails, "objects in other namespaces"},
		"too much for the sandbox": {plans(chartcheck.Plan{Mistakes: []string{"rendering the chart takes more than 10s of processor time"}}), Fails, "it is too large"},
	} {
		row := rowOf("p", c.chart)
		reasons := row.Needs
		if row.Outcome == Fails || row.Outcome == Library {
			reasons = row.Why
		}
		var kinds []string
		for _, r := range reasons {
			kinds = append(kinds, r.Kind)
		}
		if row.Outcome != c.outcome || strings.Join(kinds, ", ") != c.reasons {
			t.Errorf("%s: %s, %q", name, row.Outcome, kinds)
		}
	}
}

// TestCredentials are those of the first plan that can be bound to, of the usual names.
func TestCredentials(t *testing.T) {
	fields := []chartcheck.Field{{Path: "host"}, {Path: "hosts[]"}, {Path: "password"}, {Path: "uri"}}
	row := rowOf("p", chartcheck.Chart{Plans: []chartcheck.Plan{{}, {Bindable: true, Rule: "postgresql", Credentials: fields}, {Bindable: true}}})
	if got := strings.Join(row.Credentials, ","); got != "uri,host,password" || row.Rule != "postgresql" {
		t.Errorf("%q by %q", got, row.Rule)
	}
}

// TestPrint is the table that people read.
func TestPrint(t *testing.T) {
	rows := []Row{
		{Path: "x/a", Chart: "a", Version: "1.0.0", Outcome: Passes, Bindable: true, Rule: "bind.yaml", Credentials: usual, Generated: []string{"x"}, Seconds: 0.25, RendererMemory: 90 << 20},
		{Path: "x/b", Chart: "b", Outcome: Fails, Why: []Reason{{"k", strings.Repeat("long ", 100)}, {"k", "m"}}, Seconds: 2},
		{Path: "x/c", Chart: "c", Version: "2.0.0", Outcome: Needs, Bindable: true, Credentials: []string{"host"}, Needs: []Reason{{"pod_security", "pod_security: privileged"}, {"a parameter", "give it"}}},
	}
	var text strings.Builder
	if err := Print(rows, &text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"a      1.0.0    passes  uri,host,port,username,password  bind.yaml  1          0.2      90  -\n",
		"c      2.0.0    needs   host                             raw form   0          0.0      0   pod_security: privileged; give it\n",
		"long …; and 1 more\n", "\n3 charts: 1 pass, 1 need something, 1 fail, 0 are libraries\n",
		"needed\n     1  a parameter\n     1  pod_security\nfailed for\n     1  k\n", "updates change what was generated: 1\n", "of 2 that can be bound to: all five 1, uri 1, host 2,",
		"slowest: x/b, 2.0 s; most memory: x/a, 90 MB\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q isn't in\n%s", want, text.String())
		}
	}
}
