package chartcheck_test

import (
	"strings"
	"testing"
	"time"
)

func TestSampleCharts(t *testing.T) {
	report := check(t, "../../charts")
	plans, mistakes, warnings := report.Count()
	if len(report.Charts) < 3 || plans < 6 || mistakes != 0 || warnings != 0 {
		t.Errorf("the sample charts:\n%s", text(t, report))
	}
}

func TestGoodChart(t *testing.T) {
	const plan = `: ok
    objects
      Deployment  k-iwohtgpu-db
      Secret      k-iwohtgpu-db
      Service     k-iwohtgpu-db
    credentials by bind.yaml, shared by all bindings of an instance
      host      string
      password  string
      port      number
    bind opens
      tcp 5432  (db; the Service's port is 80)
`
	folder := good().write(t)
	want := "db 1.2.3  (" + folder + ")\n  plan small" + plan + "  plan large" + plan + "\n1 chart, 2 plans: 0 mistakes, 0 warnings\n"
	if got := text(t, check(t, folder)); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

// TestMistakes has one mistake in each chart. It must be found in the plan it
// concerns, or in the chart if plan is empty, and nowhere else.
func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		change files
		plan   string
		want   []string
	}{
		"missing plan file": {files{"plans/large.yaml": "absent"}, "", []string{"plans.yaml, entry 2:", "plans/large.yaml can't be read"}},
		"unknown key of a plan": {files{"plans.yaml": "- {name: small, file: small.yaml, fre: true}"}, "",
			[]string{"plans.yaml:1: entry 1: ", `the key "fre" isn't known; is free meant?`}},
		"a word for a number":   {files{"plans.yaml": "- name: small\n  file: small.yaml\n  quota: many\n"}, "", []string{"plans.yaml:3: entry 1: quota: a whole number is expected, and it is a text"}},
		"a map for a list":      {files{"plans.yaml": "small: {file: small.yaml}\n"}, "", []string{"plans.yaml:1: a list is expected, and it is keys with values"}},
		"a bind.yaml":           {files{"bind.yaml": "template: |\n  {}\n x: ["}, "", []string{"bind.yaml:2: it isn't valid YAML: "}},
		"a Chart.yaml":          {files{"Chart.yaml": "apiVersion: v2\nname: db\nversion: [1]\n"}, "", []string{"Chart.yaml:3: version: a text is expected, and it is a list"}},
		"plan file's template":  {files{"plans/large.yaml": "a: 1\nreplicas: {{ fail \"no\" }}"}, "", []string{`plan "large"`, "plans/large.yaml:2:"}},
		"plan file's YAML":      {files{"plans/large.yaml": "a: 1\n b: ["}, "", []string{"plans/large.yaml:2: it isn't valid YAML: "}},
		"values.yaml":           {files{"values.yaml": "a: 1\n b: ["}, "", []string{"values.yaml:2: it isn't valid YAML: "}},
		"bind template's words": {files{"bind.yaml": "template: |\n  {\n    a: ,\n  }"}, "", []string{"bind.yaml:3:"}},
		"schema in one plan": {files{"plans/large.yaml": "replicas: many"}, "large",
			[]string{"plans/large.yaml over values.yaml: values.schema.json: at '/replicas': got string, want integer"}},
		"schema of a subchart": {files{"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/values.schema.json": `{"properties": {"size": {"type": "integer"}}}`, "plans/large.yaml": "sub: {size: big}"}, "large",
			[]string{"plans/large.yaml over values.yaml: values.schema.json of the subchart sub: at '/size'"}},
		"subchart's template": {files{"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n", "charts/sub/templates/y.yaml": "{{ fail \"no\" }}"}, "both", []string{"charts/sub/templates/y.yaml:1:3: no"}},
		"template fails":      {files{"templates/x.yaml": "a: 1\nb: {{ fail \"no good\" }}\n"}, "both", []string{"templates/x.yaml:2:6: no good"}},
		"template in one plan": {files{"templates/x.yaml": "{{ if gt (int .Values.replicas) 1 }}\n{{ required \"name is missing\" .Values.name }}\n{{ end }}"}, "large",
			[]string{"templates/x.yaml:2:3: ", "name is missing"}},
		"template can't be parsed": {files{"templates/x.yaml": "a: 1\nb: {{ nothing }}\n"}, "both", []string{"templates/x.yaml:2", `function "nothing" not defined`}},
		"not YAML":                 {files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n"}, "both", []string{"templates/x.yaml: what it renders to isn't valid YAML", "line 3"}},
		"no kind":                  {files{"templates/x.yaml": "apiVersion: v1\nmetadata: {name: x}\n"}, "both", []string{"templates/x.yaml:", "no kind"}},
		"no name":                  {files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, "both", []string{"templates/x.yaml: the ConfigMap has no metadata.name"}},
		"wrong type":               {files{"templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: [1]}\n"}, "both", []string{"templates/x.yaml: ConfigMap x: it can't be read"}},
		"secret not in base64":     {files{"templates/x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: 'p w'}\n"}, "both", []string{"templates/x.yaml: Secret x: it can't be read"}},
		"in a list":                {files{"templates/x.yaml": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap}]\n"}, "both", []string{"templates/x.yaml: the ConfigMap has no metadata.name"}},
		"the same object twice":    {files{"templates/x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Release.Name }}-db'}\ntype: kubernetes.io/tls\n"}, "both", []string{"Secret k-iwohtgpu-db", "makes the same object"}},
		"a version no longer served": {files{"templates/x.yaml": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: x}\n"}, "both",
			[]string{"templates/x.yaml: PodDisruptionBudget x: Kubernetes has not served policy/v1beta1 since 1.25"}},
		"a kind that is gone": {files{"templates/x.yaml": "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: x}\n"}, "both",
			[]string{"templates/x.yaml: PodSecurityPolicy x: Kubernetes has not served PodSecurityPolicy (policy/v1beta1) since 1.25"}},
		"kubeVersion":             {files{"Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.2.3\nkubeVersion: '>=9.0.0'\n"}, "both", []string{"chart requires kubeVersion: >=9.0.0"}},
		"no replicas":             {files{"plans/large.yaml": "replicas: 0", "bind.yaml": "absent"}, "large", []string{"a create without parameters would fail: no pod of the service instance would ever serve, since Deployment k-iwohtgpu-db is asked for 0 replicas"}},
		"missing credential":      {files{"bind.yaml": "template: |\n  {\n    a: 1,\n    b: $.nothing,\n  }"}, "both", []string{"bind.yaml:4:", "Field does not exist: nothing"}},
		"credentials are a list":  {files{"bind.yaml": "template: '[1]'"}, "both", []string{"bind.yaml:1: ", "must yield an object"}},
		"bind template recursion": {files{"bind.yaml": "template: 'local f(x) = f(x + 1); {a: f(1)}'"}, "both", []string{"bind.yaml", "max stack frames"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chart := check(t, good().and(c.change).write(t)).Charts[0]
			expect(t, "the chart", chart.Mistakes, c.plan == "", c.want)
			for _, plan := range chart.Plans {
				expect(t, "plan "+plan.Name, plan.Mistakes, c.plan == plan.Name || c.plan == "both", c.want)
			}
		})
	}
}

// expect wants one mistake with all the words, or none.
func expect(t *testing.T, where string, mistakes []string, one bool, words []string) {
	t.Helper()
	if !one {
		if len(mistakes) != 0 {
			t.Errorf("%s has the mistakes %q, want none", where, mistakes)
		}
		return
	}
	if len(mistakes) != 1 {
		t.Fatalf("%s has the mistakes %q, want one", where, mistakes)
	}
	for _, word := range words {
		if !strings.Contains(mistakes[0], word) {
			t.Errorf("%s: %q doesn't hold %q", where, mistakes[0], word)
		}
	}
}

func TestBindTemplateThatLoops(t *testing.T) {
	folder := good().and(files{"plans.yaml": "",
		"bind.yaml": "template: 'local f(n) = if n == 0 then 0 else std.foldl(function(x, i) x + f(n - 1), std.range(1, 10), 0); {a: f(30)}'"}).write(t)
	c := checker(t)
	c.Templates.Limits.Time = time.Second
	report, err := c.Check(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "the plan", report.Charts[0].Plans[0].Mistakes, true, []string{"bind.yaml", "took longer than 1s"})
}

// TestTextsThatLoop has what isn't the chart's own template rendered within its bounds.
func TestTextsThatLoop(t *testing.T) {
	const loop = `{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}`
	for name, c := range map[string]struct {
		change files
		want   string
	}{
		"plan": {files{"plans/large.yaml": "a: " + loop}, "rendering plans/large.yaml takes more than"},
		"dashboard": {files{"Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.2.3\nannotations: {cf-helm-broker.io/dashboard-url: 'https://a.example.com/" + loop + "'}\n"},
			"rendering the annotation cf-helm-broker.io/dashboard-url takes more than"},
	} {
		t.Run(name, func(t *testing.T) {
			checker := checker(t)
			checker.Renderer.Limits.Time = time.Second
			report, err := checker.Check(t.Context(), good().and(c.change).write(t))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, "the chart", report.Charts[0].Mistakes, true, []string{c.want})
		})
	}
}

// TestBadChartBesideGoodOne: each is reported, in the order of the folders.
func TestBadChartBesideGoodOne(t *testing.T) {
	both := files{"a/Chart.yaml": "apiVersion: v2\nname: alpha\n"}
	for name, text := range good() {
		both["b/"+name] = text
	}
	report := check(t, both.write(t))
	if len(report.Charts) != 2 || report.Charts[0].Name != "alpha" || len(report.Charts[0].Mistakes) != 1 || len(report.Charts[1].Plans) != 2 {
		t.Errorf("reported\n%s", text(t, report))
	}
}
