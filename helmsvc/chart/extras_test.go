package chart_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart/source"
)

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: eu
contexts: [{name: eu, context: {cluster: eu, user: broker}}]
clusters: [{name: eu, cluster: {server: "https://eu.example.com:6443/"}}]
users: [{name: broker, user: {token: TOKEN}}]
`

// only loads a chart with one plan, made of these lines of plans.yaml.
func only(t *testing.T, plan string, files map[string]string) chart.Service {
	t.Helper()
	all := map[string]string{
		"Chart.yaml": chartYAML("c"), "plans.yaml": "- name: s\n  file: s.yaml\n" + plan, "plans/s.yaml": "",
	}
	for name, text := range files {
		all[name] = text
	}
	catalog := load(t, write(t, all))
	if len(catalog.Problems) > 0 {
		t.Fatal(catalog.Problems)
	}
	return catalog.Services[0]
}

func TestPlanExtras(t *testing.T) {
	plan := only(t, `
  display_name: Small one
  costs: [{amount: {usd: 9.5, eur: 9}, unit: MONTHLY}]
  allowed_parameters: [size]
  allowed_plan_changes: [s]
  time_limit: 15m
  maximum_polling_duration: 1200
  ports: [5432, 53/udp]
  quota: 7
  policies_per_binding: 8
  keep_data: true
  allow_exposure: true
  may_delete_data: true
  keep_generated: false
  addresses: pods
  credentials: eu.yaml
`, map[string]string{"plans/eu.yaml": kubeconfig}).Plans[0]
	if plan.DisplayName != "Small one" || plan.Costs[0].Amount["usd"] != 9.5 || plan.Costs[0].Unit != "MONTHLY" ||
		plan.TimeLimit != 15*time.Minute || plan.MaximumPollingDuration != 20*time.Minute || plan.Quota != 7 || plan.PoliciesPerBinding != 8 || !plan.KeepData || !plan.AllowExposure || !plan.MayDeleteData || plan.KeepGenerated || !plan.WithAddresses ||
		!reflect.DeepEqual(plan.AllowedParameters, []string{"size"}) || !reflect.DeepEqual(plan.AllowedPlanChanges, []string{"s"}) {
		t.Errorf("the plan is %+v", plan)
	}
	if !plan.Opens(5432, "tcp") || plan.Opens(5432, "udp") || !plan.Opens(53, "udp") || plan.Opens(80, "tcp") {
		t.Errorf("the plan opens %v", plan.Ports)
	}
	if plan.Cluster.Server != "https://eu.example.com:6443" || !strings.Contains(string(plan.Cluster.Text), "TOKEN") {
		t.Errorf("the plan's cluster is %+v", plan.Cluster)
	}
	bare := only(t, "", nil).Plans[0]
	if bare.DisplayName != "s" || bare.AllowedParameters != nil || bare.AllowedPlanChanges != nil || bare.Cluster != nil || bare.AllowExposure || bare.MayDeleteData || !bare.KeepGenerated || bare.WithAddresses || !bare.Opens(80, "tcp") {
		t.Errorf("a plan without extras is %+v", bare)
	}
	if shut := only(t, "  ports: []\n", nil).Plans[0]; shut.Opens(80, "tcp") {
		t.Errorf("a plan that opens nothing opens %v", shut.Ports)
	}
}

// TestRenderedExposure hands the plan's word on.
func TestRenderedExposure(t *testing.T) {
	for extras, want := range map[string]bool{"": false, "  allow_exposure: true\n": true, "  allow_exposure: false\n": false} {
		service := only(t, extras, nil)
		what, err := service.Render(t.Context(), service.Plans[0], "k-x", "n", nil)
		if err != nil || what.AllowExposure != want {
			t.Errorf("%q: allowed %t, want %t, %v", extras, what.AllowExposure, want, err)
		}
	}
}

// TestClusterID stays with the server, and changes with it.
func TestClusterID(t *testing.T) {
	id := func(from, to string) string {
		text := strings.Replace(kubeconfig, from, to, 1)
		return only(t, "  credentials: eu.yaml\n", map[string]string{"plans/eu.yaml": text}).Plans[0].Cluster.ID
	}
	if id("TOKEN", "OTHER") != id("", "") {
		t.Error("another token makes another cluster")
	}
	if id("eu.example.com", "us.example.com") == id("", "") {
		t.Error("another server makes the same cluster")
	}
}

func TestKubeconfigsThatCannotTravel(t *testing.T) {
	for user, want := range map[string]string{
		"{tokenFile: /x}":      "--flatten",
		"{client-key: x.pem}":  "--flatten",
		"{exec: {command: x}}": "runs a program",
	} {
		catalog := load(t, write(t, map[string]string{
			"Chart.yaml": chartYAML("c"), "plans.yaml": "- {name: s, file: s.yaml, credentials: eu.yaml}", "plans/s.yaml": "",
			"plans/eu.yaml": strings.Replace(kubeconfig, "{token: TOKEN}", user, 1),
		}))
		if len(catalog.Problems) != 1 || !strings.Contains(catalog.Problems[0].Err.Error(), want) {
			t.Errorf("%s: problems %v, want %q", user, catalog.Problems, want)
		}
	}
}

func TestAllowedParameters(t *testing.T) {
	plan := only(t, "  allowed_parameters: [size, storage.class, tls]\n", nil).Plans[0]
	for parameters, refused := range map[string]string{
		``:                                    "",
		`{}`:                                  "",
		`{"size":1,"tls":{"any":{"key":1}}}`:  "",
		`{"storage":{"class":"x"}}`:           "",
		`{"storage":{"class":"x","gb":1}}`:    `"storage.gb"`,
		`{"storage":7}`:                       `"storage"`,
		`{"storage":{}}`:                      `"storage"`,
		`{"image":"x"}`:                       `"image"`,
		`{"sizes":1}`:                         `"sizes"`,
		`{"":1}`:                              `""`,
		`{"":{"image":"x"}}`:                  `""`,
		`{"storage":{"":1}}`:                  `"storage."`,
		`{"storage.class":"x"}`:               `"storage.class"`,
		`{"global":{"imageRegistry":"evil"}}`: `"global"`,
	} {
		for _, check := range []func(json.RawMessage) error{plan.CheckCreate, plan.CheckUpdate} {
			err := check(json.RawMessage(parameters))
			if (err == nil) != (refused == "") || err != nil && !strings.Contains(err.Error(), refused) {
				t.Errorf("%s: error %v, want %q", parameters, err, refused)
			}
		}
	}
}

// TestNoParameters: a plan that lists none takes none, and says to whom it matters where
// they are listed. Only where developers are trusted it takes all.
func TestNoParameters(t *testing.T) {
	const lists = "; whoever runs the broker lists those that developers may set in the plan's allowed_parameters, in plans.yaml"
	none, unlisted := only(t, "  allowed_parameters: []\n", nil).Plans[0], only(t, "", nil).Plans[0]
	withoutPlans := load(t, write(t, map[string]string{"Chart.yaml": chartYAML("c")})).Services[0].Plans[0]
	for name, c := range map[string]struct {
		plan chart.Plan
		want string // "": it takes them
	}{
		"none":               {none, `the plan s takes no parameters, leave out "a"`},
		"none, trusting":     {none.TakingAnything(), `the plan s takes no parameters, leave out "a"`},
		"unlisted":           {unlisted, `the plan s takes no parameters, leave out "a"` + lists},
		"unlisted, trusting": {unlisted.TakingAnything(), ""},
		"no plans.yaml":      {withoutPlans, `the plan default takes no parameters, leave out "a"` + lists},
		"no plans, trusting": {withoutPlans.TakingAnything(), ""},
	} {
		for _, check := range []func(json.RawMessage) error{c.plan.CheckCreate, c.plan.CheckUpdate, c.plan.CheckAllowed} {
			for _, nothing := range []string{``, `null`, `{}`} {
				if err := check(json.RawMessage(nothing)); err != nil {
					t.Errorf("%s: no parameters at all: %v", name, err)
				}
			}
			said := ""
			if err := check(json.RawMessage(`{"a":1}`)); err != nil {
				said = err.Error()
			}
			if said != c.want || c.plan.TakesParameters() != (c.want == "") {
				t.Errorf("%s: the error is %q, want %q", name, said, c.want)
			}
		}
	}
}

func TestPlanSchemas(t *testing.T) {
	service := only(t, "  schemas: {create: c.json, update: u.json, bind: b.json}\n", map[string]string{
		"plans/c.json": `{"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}`,
		"plans/u.json": `{"additionalProperties": false}`,
		"plans/b.json": `{"properties": {"role": {"enum": ["reader", "writer"]}}}`,
	})
	plan := service.Plans[0].TakingAnything()
	bind := func(parameters json.RawMessage) error { return service.CheckBind(plan, parameters) }
	for name, c := range map[string]struct {
		check      func(json.RawMessage) error
		parameters string
		want       string
	}{
		"create":         {plan.CheckCreate, `{"size":3}`, ""},
		"create without": {plan.CheckCreate, ``, "size"},
		"create wrong":   {plan.CheckCreate, `{"size":"x"}`, "/size"},
		"update nothing": {plan.CheckUpdate, ``, ""},
		"update":         {plan.CheckUpdate, `{"size":3}`, "size"},
		"bind":           {bind, `{"role":"reader"}`, ""},
		"bind wrong":     {bind, `{"role":"root"}`, "/role"},
	} {
		err := c.check(json.RawMessage(c.parameters))
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "mem:")) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if plan.Schemas.Create.Document["type"] != "object" {
		t.Errorf("the catalog would show %v", plan.Schemas.Create.Document)
	}
}

// TestBindParameters refuses those that neither the plan nor the chart reads.
func TestBindParameters(t *testing.T) {
	const reads, other = "template: '{role: $.binding.parameters.role}'", "template: '{host: $.endpoints[0].host}'"
	for name, c := range map[string]struct {
		plan, bind, parameters string
		refused                bool
	}{
		"nothing reads":      {"", "", `{"role":"x"}`, true},
		"template of others": {"", other, `{"role":"x"}`, true},
		"template":           {"", reads, `{"role":"x"}`, false},
		"schema":             {"  schemas: {bind: b.json}\n", "", `{"role":"x"}`, false},
		"none":               {"", "", ``, false},
		"empty":              {"", "", `{}`, false},
		"null":               {"", other, `null`, false},
	} {
		files := map[string]string{"plans/b.json": `{"type": "object"}`}
		if c.bind != "" {
			files["bind.yaml"] = c.bind
		}
		service := only(t, c.plan, files)
		err := service.CheckBind(service.Plans[0], json.RawMessage(c.parameters))
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "nothing reads them") {
			t.Errorf("%s: %v, want it refused: %t", name, err, c.refused)
		}
	}
}

func TestAnnotations(t *testing.T) {
	service := only(t, "", map[string]string{
		"Chart.yaml": chartYAML("c") + `
annotations:
  example.com/other: x
  cf-helm-broker.io/display-name: The C
  cf-helm-broker.io/quota: "50"
  cf-helm-broker.io/shareable: "true"
  cf-helm-broker.io/dashboard-url: https://{{ include "c.host" . }}.example.com/{{ .Values.tab }}
`,
		"values.yaml":            "tab: home",
		"templates/_helpers.tpl": `{{ define "c.host" }}{{ .Release.Name }}{{ end }}`,
	})
	if service.DisplayName() != "The C" || !service.Shareable() || service.Quota() != 50 {
		t.Errorf("the service is called %q, shareable: %t, quota %d", service.DisplayName(), service.Shareable(), service.Quota())
	}
	for parameters, want := range map[string]string{
		``:                   "https://k-rel.example.com/home",
		`{"tab":"settings"}`: "https://k-rel.example.com/settings",
	} {
		if got, err := service.DashboardURL(t.Context(), service.Plans[0], "k-rel", "ns", json.RawMessage(parameters)); err != nil || got != want {
			t.Errorf("%s: the dashboard is %q, %v", parameters, got, err)
		}
	}
}

// TestVersions offers the newest version of a chart and keeps the others.
func TestVersions(t *testing.T) {
	files := map[string]string{}
	for _, version := range []string{"1.9.0", "1.10.0", "1.10.0-rc.1"} {
		files["c-"+version+"/Chart.yaml"] = "apiVersion: v2\nname: c\nversion: " + version + "\n"
	}
	catalog := load(t, write(t, files))
	if len(catalog.Problems) != 0 || len(catalog.Services) != 1 || catalog.Services[0].Metadata().Version != "1.10.0" || len(catalog.Older) != 2 {
		t.Fatalf("loaded %+v", catalog)
	}
	for _, old := range catalog.Older {
		if found, ok := catalog.Digest(old.Digest); !ok || found.Metadata().Version != old.Metadata().Version {
			t.Errorf("version %s isn't found by its digest", old.Metadata().Version)
		}
	}
}

// TestKubeVersion leaves out a chart that asks for another Kubernetes.
func TestKubeVersion(t *testing.T) {
	folder := write(t, map[string]string{"Chart.yaml": chartYAML("c") + "kubeVersion: '>=1.40.0'\n"})
	for version, want := range map[string]int{"1.34": 1, "1.41": 0} {
		kube, err := chartutil.ParseKubeVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		catalog := chart.LoadAll(t.Context(), []source.Found{{From: folder, Path: folder}}, kube, nil)
		if len(catalog.Problems) != want || want == 1 && !strings.Contains(catalog.Problems[0].Err.Error(), "kubeVersion: >=1.40.0") {
			t.Errorf("%s: problems %v", version, catalog.Problems)
		}
	}
}

// TestArchive loads a chart again from what is kept of it, with its broker's
// files from wherever they lay.
func TestArchive(t *testing.T) {
	own := map[string]string{"plans.yaml": "- {name: s, file: s.yaml, credentials: eu.yaml, schemas: {bind: b.json}}", "plans/s.yaml": "a: 1",
		"plans/eu.yaml": kubeconfig, "plans/b.json": "{}", "bind.yml": "template: '{a: 1}'"}
	bare := map[string]string{"Chart.yaml": chartYAML("c"), "templates/x.yaml": "a: b", ".helmignore": "plans/\nplans.yaml\n", "images/big.tgz": "x",
		"charts/sub/Chart.yaml": chartYAML("sub")}
	for place, prefix := range map[string]string{"beside Chart.yaml": "", "in tsmgr": "tsmgr/", "elsewhere": "elsewhere"} {
		files, found := map[string]string{}, source.Found{}
		for name, text := range bare {
			files[name] = text
		}
		if prefix == "elsewhere" {
			found.Beside = write(t, own)
		} else {
			for name, text := range own {
				files[prefix+name] = text
			}
		}
		found.Path = write(t, files)
		catalog := chart.LoadAll(t.Context(), []source.Found{found}, nil, nil)
		if len(catalog.Problems) > 0 {
			t.Fatal(place, catalog.Problems)
		}
		service := catalog.Services[0]
		again, err := chart.LoadArchive(service.Archive(), "kept", nil)
		if err != nil {
			t.Fatal(place, err)
		}
		if again.Digest != service.Digest || !reflect.DeepEqual(again.Plans[0].Cluster, service.Plans[0].Cluster) || again.Plans[0].Name != "s" ||
			again.Bind == nil || again.Bind.Text != service.Bind.Text || again.Plans[0].Schemas.Bind == nil {
			t.Errorf("%s: kept as %+v, was %+v", place, again, service)
		}
		what, err := again.Render(t.Context(), again.Plans[0], "k-rel", "ns", nil)
		if err != nil || what.Values["a"] != 1.0 || len(what.Chart.Dependencies()) != 1 || len(what.Chart.Templates) != 1 {
			t.Errorf("%s: it renders as %+v, %v", place, what, err)
		}
		for _, file := range what.Chart.Files {
			if file.Name != ".helmignore" {
				t.Errorf("%s: Helm sees %s", place, file.Name)
			}
		}
	}
}

func TestTooLarge(t *testing.T) {
	noise := make([]byte, 2_000_000)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	catalog := load(t, write(t, map[string]string{"Chart.yaml": chartYAML("c"), "files/noise": string(noise)}))
	if len(catalog.Problems) != 1 || !strings.Contains(catalog.Problems[0].Err.Error(), "too large") {
		t.Errorf("problems %v", catalog.Problems)
	}
}

// TestCatalogSchema shows schemas as Cloud Foundry takes them, which refuses
// the whole catalog for any other.
func TestCatalogSchema(t *testing.T) {
	const four = "http://json-schema.org/draft-04/schema#"
	for name, c := range map[string]struct {
		schema string
		draft  any // nil: it isn't shown
	}{
		"none named":     {`{"type": "object"}`, four},
		"draft 4":        {`{"$schema": "` + four + `"}`, four},
		"draft 6":        {`{"$schema": "http://json-schema.org/draft-06/schema#", "properties": {"a": {"exclusiveMinimum": 1}}}`, nil},
		"draft 7":        {`{"$schema": "http://json-schema.org/draft-07/schema#", "if": {}, "then": {"required": ["a"]}}`, four},
		"needs draft 6":  {`{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": true}}`, nil},
		"type left out":  {`{"properties": {"a": {"type": "string"}}}`, four},
		"several types":  {`{"type": ["object", "null"]}`, four},
		"a NUL":          {`{"description": "\\u0000"}`, nil},
		"newest":         {`{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {"n": {"type": "number"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}`, four},
		"refers abroad":  {`{"$ref": "https://example.com/schema.json"}`, four},
		"longer than it": {`{"description": "` + strings.Repeat("x", 64<<10) + `"}`, nil},
	} {
		service := only(t, "", map[string]string{"values.schema.json": c.schema})
		if shown := service.Schema(); shown["$schema"] != c.draft || (shown == nil) != (c.draft == nil) || shown != nil && shown["type"] != "object" {
			t.Errorf("%s: the catalog shows %v, want %v", name, shown, c.draft)
		}
	}
}

func TestFullVersion(t *testing.T) {
	for version, want := range map[string]string{"1.2.3": "1.2.3", "v1.0": "1.0.0", "1": "1.0.0", "1.0.0-rc.1+build": "1.0.0-rc.1+build"} {
		service := only(t, "", map[string]string{"Chart.yaml": "apiVersion: v2\nname: c\nversion: " + version + "\n"})
		if got := service.Version(); got != want {
			t.Errorf("the version %s is %s, want %s", version, got, want)
		}
	}
}
