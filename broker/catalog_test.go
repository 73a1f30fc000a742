package broker

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// offered loads charts, each a map of its files, and returns the catalog as it
// is sent.
func offered(t *testing.T, charts ...map[string]string) (loaded chart.Catalog, sent catalogSent) {
	t.Helper()
	folder := t.TempDir()
	for n, files := range charts {
		for name, text := range files {
			path := filepath.Join(folder, fmt.Sprint(n), name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	loaded, err := chart.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return loaded, sentOf(t, loaded, true)
}

func sentOf(t *testing.T, loaded chart.Catalog, anyParameters bool) (sent catalogSent) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"services": services(loaded, anyParameters)})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &sent); err != nil {
		t.Fatal(err)
	}
	return sent
}

const plainPlan = "- {name: std, description: standard, file: std.yaml"

// odd is a small chart with further lines of Chart.yaml and of its plan.
func odd(name, metadata, plan string) map[string]string {
	return map[string]string{
		"Chart.yaml":     "apiVersion: v2\nname: " + name + "\nversion: 1.0.0\n" + metadata,
		"plans.yaml":     plainPlan + plan + "}\n",
		"plans/std.yaml": "", "plans/schema.json": `{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"exclusiveMinimum": 1}}}`,
		"plans/plain.json": `{"properties": {"a": {"type": "string"}}}`,
	}
}

// TestOneChartNeverSpoilsTheCatalog: the cloud controller refuses the whole
// catalog for one text of one chart.
func TestOneChartNeverSpoilsTheCatalog(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	var keywords, bullets, currencies strings.Builder
	for n := range 200 {
		fmt.Fprintf(&keywords, "\n- keyword-number-%04d-of-many", n)
	}
	for n := range 5000 {
		fmt.Fprintf(&currencies, "currency-number-%04d: 1, ", n)
	}
	for range 20 {
		bullets.WriteString(`"` + long(5000) + `", `)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string // what was cut, or why it is left out; "": nothing
		out   bool
	}{
		"plain":                   {odd("c", "description: A database\nkeywords: [a, b]\n", ""), "", false},
		"tags":                    {odd("c", "keywords:"+keywords.String()+"\n", ""), "Chart.yaml: keywords: 125 of 200 aren't shown in the catalog, since Cloud Foundry takes no more than 2048 characters", false},
		"one long tag":            {odd("c", "keywords: [a, "+long(2049)+", b]\n", ""), "keywords: 1 of 3", false},
		"description":             {odd("c", "description: "+long(10001)+"\n", ""), "Chart.yaml: description: the catalog shows the first 9999 of 10001 characters", false},
		"description that fits":   {odd("c", "description: "+long(10000)+"\n", ""), "", false},
		"blank description":       {odd("c", "description: \"  \"\n", ""), "", false},
		"app version":             {odd("c", "appVersion: \""+strings.Repeat("<", 400)+"\"\n", ""), "", false},
		"icon":                    {odd("c", "icon: data:image/png;base64,"+strings.Repeat("A", 70000)+"\n", ""), "Chart.yaml: icon: the catalog doesn't show it", false},
		"home":                    {odd("c", "home: https://example.com/"+strings.Repeat("A", 70000)+"\n", ""), "Chart.yaml: home: the catalog doesn't show it", false},
		"display name":            {odd("c", "annotations: {cf-helm-broker.io/display-name: "+long(70000)+"}\n", ""), "display-name: the catalog shows", false},
		"long description":        {odd("c", "annotations: {cf-helm-broker.io/long-description: "+long(70000)+"}\n", ""), "long-description: the catalog shows", false},
		"a NUL":                   {odd("c", "annotations: {cf-helm-broker.io/long-description: \"a\\0b\"}\n", `, bullets: ["a\0b"], display_name: "a\0b"`), "", false},
		"plan's display name":     {odd("c", "", ", display_name: "+long(70000)), `plan "std": display_name`, false},
		"plan's bullets":          {odd("c", "", ", bullets: ["+bullets.String()+"]"), `plan "std": bullets: 14 of 20`, false},
		"plan's costs":            {odd("c", "", ", costs: [{amount: {"+currencies.String()+"}, unit: MONTHLY}]"), `plan "std": costs`, false},
		"schema of a later draft": {odd("c", "", ", schemas: {create: schema.json}"), `plan "std": the schema for create: the catalog doesn't show it`, false},
		"schema without a type":   {odd("c", "", ", schemas: {create: plain.json}"), "", false},
		"name":                    {odd(strings.Repeat("c", 256), "", ""), "has 256 characters; platforms take 255 at most", true},
		"blank name":              {odd(`" "`, "", ""), "the name must neither begin nor end with a blank", true},
		"plan name":               {odd("c", "", ""), "has 219 characters; platforms take 218 at most", true},
		"polling":                 {odd("c", "", ", maximum_polling_duration: 2147483648"), "maximum_polling_duration 2147483648", true},
		"infinite costs":          {odd("c", "", ", costs: [{amount: {usd: .inf}, unit: MONTHLY}]"), "plans.yaml", true},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "plan name" {
				c.files["plans.yaml"] = strings.Replace(c.files["plans.yaml"], "name: std", "name: "+strings.Repeat("p", 219), 1)
			}
			loaded, sent := offered(t, c.files, odd("other", "", ""))
			if refusals := sent.refusals(); len(refusals) > 0 {
				t.Errorf("the cloud controller would refuse the whole catalog: %s", refusals)
			}
			said := ""
			for _, p := range loaded.Problems {
				said += p.Err.Error()
			}
			if out := said != ""; out != c.out || len(sent.Services)+len(loaded.Problems) != 2 {
				t.Errorf("%d services are offered; left out: %s", len(sent.Services), said)
			}
			for _, s := range loaded.Services {
				said += strings.Join(s.Listing().Cut, "; ")
			}
			if !strings.Contains(said, c.want) || (c.want == "") != (said == "") {
				t.Errorf("the reason is %q, want %q", said, c.want)
			}
		})
	}
}

// TestCatalogTellsWhatIsTaken: a plan that takes no parameters shows a schema that allows
// none, which the cloud controller takes.
func TestCatalogTellsWhatIsTaken(t *testing.T) {
	const chartsOwn = `{"properties": {"a": {"type": "string"}}}`
	for name, c := range map[string]struct {
		plan, schema string
		trusting     bool
		closed, says bool // no parameters; the schema's property
	}{
		"unlisted":                       {"", chartsOwn, false, true, false},
		"unlisted, without a schema":     {"", "", false, true, false},
		"unlisted, with one of the plan": {", schemas: {create: plain.json, update: plain.json}", "", false, true, false},
		"unlisted, trusting":             {"", chartsOwn, true, false, true},
		"unlisted, no schema, trusting":  {"", "", true, false, false},
		"none":                           {", allowed_parameters: []", chartsOwn, true, true, false},
		"listed":                         {", allowed_parameters: [a]", chartsOwn, false, false, true},
	} {
		files := odd("c", "", c.plan)
		if c.schema != "" {
			files["values.schema.json"] = c.schema
		}
		loaded, _ := offered(t, files)
		sent := sentOf(t, loaded, c.trusting)
		if refusals := sent.refusals(); len(refusals) > 0 {
			t.Errorf("%s: the cloud controller would refuse the catalog: %s", name, refusals)
		}
		shown := sent.Services[0].Plans[0].Schemas["service_instance"]
		for _, verb := range []string{"create", "update"} {
			properties, _ := shown[verb].Parameters["properties"].(map[string]any)
			if closed := shown[verb].Parameters["additionalProperties"] == false; closed != c.closed || (properties["a"] != nil) != c.says {
				t.Errorf("%s: the schema for %s is %v", name, verb, shown[verb].Parameters)
			}
		}
	}
}
