package chart_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func chartYAML(name string) string {
	return "apiVersion: v2\nname: " + name + "\nversion: 1.2.3\n"
}

func load(t *testing.T, folder string) chart.Catalog {
	t.Helper()
	catalog, err := chart.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func TestKiboshIDs(t *testing.T) {
	if id := chart.ServiceID("mysql"); id != "c76ed0a4-9a04-5710-90c2-75e955697b08" {
		t.Errorf("the service id of mysql is %s", id)
	}
	if id := chart.PlanID("mysql", "small"); id != "c76ed0a4-9a04-5710-90c2-75e955697b08-small" {
		t.Errorf("the plan id of mysql small is %s", id)
	}
}

func TestFolderOfCharts(t *testing.T) {
	catalog := load(t, write(t, map[string]string{
		"b/Chart.yaml": chartYAML("beta"), "a/Chart.yaml": chartYAML("alpha"),
		"notes/README.md": "no chart", "loose.txt": "no chart",
	}))
	if len(catalog.Services) != 2 || len(catalog.Problems) != 0 || catalog.Services[0].Metadata().Name != "alpha" {
		t.Errorf("loaded %+v", catalog)
	}
}

func TestOneChart(t *testing.T) {
	catalog := load(t, write(t, map[string]string{"Chart.yaml": chartYAML("only")}))
	if len(catalog.Services) != 1 || catalog.Services[0].Metadata().Name != "only" {
		t.Errorf("loaded %+v", catalog)
	}
}

func TestNoFolder(t *testing.T) {
	if _, err := chart.Load(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing folder is no error")
	}
}

func TestPlans(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []chart.Plan
	}{
		"none": {nil, []chart.Plan{{Name: "default", Description: "Plan with default values", Bullets: []string{"Plan with default values"}, Free: true, Bindable: true}}},
		"empty": {map[string]string{"plans.yaml": ""},
			[]chart.Plan{{Name: "default", Description: "Plan with default values", Bullets: []string{"Plan with default values"}, Free: true, Bindable: true}}},
		"yml": {map[string]string{"plans.yml": "- {name: s, description: small, file: s.yaml}", "plans/s.yaml": ""},
			[]chart.Plan{{Name: "s", Description: "small", Bullets: []string{"small"}, Free: true, Bindable: true}}},
		"all keys": {map[string]string{"plans.yaml": "- {name: s.1-x, description: small, bullets: [a, b], file: s.yml, free: false, bindable: false}", "plans/s.yml": "a: 1"},
			[]chart.Plan{{Name: "s.1-x", Description: "small", Bullets: []string{"a", "b"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"Chart.yaml": chartYAML("c")}
			for file, text := range c.files {
				files[file] = text
			}
			catalog := load(t, write(t, files))
			if len(catalog.Problems) != 0 {
				t.Fatal(catalog.Problems)
			}
			for n, have := range catalog.Services[0].Plans {
				want := c.want[n]
				if have.ID != chart.PlanID("c", want.Name) || have.Name != want.Name || have.Description != want.Description ||
					strings.Join(have.Bullets, ",") != strings.Join(want.Bullets, ",") || have.Free != want.Free || have.Bindable != want.Bindable {
					t.Errorf("plan %+v, want %+v", have, want)
				}
			}
		})
	}
}

// TestProblems shows that a bad chart is left out with words that help, and
// that the good one beside it is served.
func TestProblems(t *testing.T) {
	plan := func(text string) map[string]string {
		return map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/plans.yaml": text, "bad/plans/s.yaml": "a: 1"}
	}
	with := func(files map[string]string, name, text string) map[string]string {
		files[name] = text
		return files
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no version":       {map[string]string{"bad/Chart.yaml": "apiVersion: v2\nname: bad\n"}, "version"},
		"not YAML":         {map[string]string{"bad/Chart.yaml": "{"}, "Chart.yaml"},
		"bind template":    {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/bind.yml": "template: |\n  {\n    a: ,\n  }"}, "bind.yml:3:"},
		"schema":           {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/values.schema.json": "{"}, "values.schema.json"},
		"library":          {map[string]string{"bad/Chart.yaml": chartYAML("bad") + "type: library\n"}, "library"},
		"dependency":       {map[string]string{"bad/Chart.yaml": chartYAML("bad") + "dependencies: [{name: sub, version: 1, repository: x}]\n"}, "helm dependency build"},
		"same name":        {map[string]string{"zbad/Chart.yaml": chartYAML("good")}, "already loaded"},
		"plans no list":    {plan("name: s"), "plans.yaml"},
		"misspelt key":     {plan("- {name: s, description: d, file: s.yaml, fre: true}"), "fre"},
		"bad name":         {plan("- {name: S_1, description: d, file: s.yaml}"), "must match"},
		"no name":          {plan("- {description: d, file: s.yaml}"), "must match"},
		"no file":          {plan("- {name: s, description: d}"), "no file"},
		"missing file":     {plan("- {name: s, description: d, file: other.yaml}"), "plans/other.yaml"},
		"file elsewhere":   {plan("- {name: s, description: d, file: ../../secret.yaml}"), "must lie in plans/"},
		"twice":            {plan("- {name: s, description: d, file: s.yaml}\n- {name: s, description: d, file: s.yaml}"), "used twice"},
		"no kubeconfig":    {plan("- {name: s, description: d, file: s.yaml, credentials: eu.yaml}"), "plans/eu.yaml"},
		"bad kubeconfig":   {plan("- {name: s, description: d, file: s.yaml, credentials: s.yaml}"), "plans/s.yaml: its current-context"},
		"no schema":        {plan("- {name: s, file: s.yaml, schemas: {create: s.yaml}}"), "plans/s.yaml: it isn't valid JSON"},
		"schema of plan":   {with(plan("- {name: s, file: s.yaml, schemas: {bind: x.json}}"), "bad/plans/x.json", `{"type": 7}`), "plans/x.json: it isn't a JSON schema"},
		"schema abroad":    {with(plan("- {name: s, file: s.yaml, schemas: {bind: x.json}}"), "bad/plans/x.json", `{"$ref": "https://example.com/x"}`), "plans/x.json: it isn't a JSON schema"},
		"schema a list":    {with(plan("- {name: s, file: s.yaml, schemas: {bind: x.json}}"), "bad/plans/x.json", `true`), "must be a JSON object"},
		"chart's schema":   {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/values.schema.json": `{"type": 7}`}, "values.schema.json: it isn't a JSON schema"},
		"time limit":       {plan("- {name: s, file: s.yaml, time_limit: 15}"), "time_limit"},
		"time limit text":  {plan("- {name: s, file: s.yaml, time_limit: soon}"), "such as 15m"},
		"polling":          {plan("- {name: s, file: s.yaml, maximum_polling_duration: -1}"), "maximum_polling_duration"},
		"policies":         {plan("- {name: s, file: s.yaml, policies_per_binding: -1}"), "policies_per_binding"},
		"quota":            {plan("- {name: s, file: s.yaml, quota: -1}"), "quota"},
		"addresses":        {plan("- {name: s, file: s.yaml, addresses: names}"), "addresses \"names\" must be pods"},
		"costs":            {plan("- {name: s, file: s.yaml, costs: [{unit: MONTHLY}]}"), "amount and unit"},
		"port":             {plan("- {name: s, file: s.yaml, ports: [53/icmp]}"), `plans.yaml, entry 1: plan "s": ports: a port must be such as 5432 or "53/udp"`},
		"port too high":    {plan("- {name: s, file: s.yaml, ports: [65536]}"), `plans.yaml, entry 1: plan "s": ports: a port must be such as 5432 or "53/udp", from 1 to 65535, not 65536`},
		"port zero":        {plan("- {name: s, file: s.yaml, ports: [80, 0/udp]}"), "ports: a port must be such as 5432 or \"53/udp\", from 1 to 65535, not 0/udp"},
		"port below zero":  {plan("- {name: s, file: s.yaml, ports: [-1]}"), "from 1 to 65535, not -1"},
		"port far too big": {plan("- {name: s, file: s.yaml, ports: [99999999999]}"), "from 1 to 65535, not 99999999999"},
		"port not whole":   {plan("- {name: s, file: s.yaml, ports: [80.5]}"), "not 80.5"},
		"port absent":      {plan("- {name: s, file: s.yaml, ports: [null]}"), "not null"},
		"port of SCTP":     {plan("- {name: s, file: s.yaml, ports: [38412/sctp]}"), "not 38412/sctp: container-to-container policies are for tcp and udp only"},
		"ports no list":    {plan("- {name: s, file: s.yaml, ports: 80}"), "ports"},
		"exposure":         {plan("- {name: s, file: s.yaml, allow_exposure: some}"), "allow_exposure: true or false is expected, and it is a text"},
		"cluster objects":  {plan("- {name: s, file: s.yaml, cluster_objects: [clusterroles]}"), `plan "s": cluster_objects: "clusterroles" must be a kind`},
		"pod security":     {plan("- {name: s, file: s.yaml, pod_security: strict}"), `pod_security "strict" must be one of privileged, baseline, restricted`},
		"quantity":         {plan("- {name: s, file: s.yaml, resource_quota: {pods: many}}"), "resource_quota: pods: many isn't a quantity"},
		"quantity below":   {plan("- {name: s, file: s.yaml, resource_quota: {pods: -1}}"), "resource_quota: pods: -1 isn't a quantity"},
		"limit's type":     {plan("- {name: s, file: s.yaml, limit_range: [{type: Node}]}"), "limit_range, entry 1: type must be Container, Pod or PersistentVolumeClaim"},
		"limit's key":      {plan("- {name: s, file: s.yaml, limit_range: [{type: Pod, defaults: {cpu: 1}}]}"), `limit_range, entry 1: it must be an item of a LimitRange`},
		"ready's kind":     {plan("- {name: s, file: s.yaml, ready: [{kind: kafkas, for: create}]}"), `ready: entry 1: kind "kafkas" must be a kind`},
		"ready's for":      {plan("- {name: s, file: s.yaml, ready: [{kind: Kafka, for: Ready}]}"), `ready: entry 1, Kafka: for: "Ready": it must be as for "kubectl wait --for"`},
		"ready's path":     {plan("- {name: s, file: s.yaml, ready: [{kind: Kafka, for: 'jsonpath={.status.phase[}=Up'}]}"), `unterminated array`},
		"ready's failed":   {plan("- {name: s, file: s.yaml, ready: [{kind: Kafka, for: create, failed: create}]}"), `failed: "create": it must be`},
		"plan change":      {plan("- {name: s, file: s.yaml, allowed_plan_changes: [xl]}"), `"xl", which isn't a plan`},
		"annotation":       {map[string]string{"bad/Chart.yaml": chartYAML("bad") + "annotations: {cf-helm-broker.io/sharable: \"true\"}\n"}, "sharable isn't known"},
		"shareable":        {map[string]string{"bad/Chart.yaml": chartYAML("bad") + "annotations: {cf-helm-broker.io/shareable: \"yes\"}\n"}, `must be "true"`},
		"service's quota":  {map[string]string{"bad/Chart.yaml": chartYAML("bad") + "annotations: {cf-helm-broker.io/quota: \"0\"}\n"}, "quota"},
		"dashboard":        {map[string]string{"bad/Chart.yaml": chartYAML("bad") + "annotations: {cf-helm-broker.io/dashboard-url: \"{{ .Release.Name }}\"}\n"}, "doesn't yield a URL"},
		"values a list":    {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/plans.yaml": "- {name: s, description: d, file: s.yaml}", "bad/plans/s.yaml": "[1]"}, "map"},
		"values not YAML":  {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/plans.yaml": "- {name: s, description: d, file: s.yaml}", "bad/plans/s.yaml": "a: b: c"}, "YAML"},
		"unknown helper":   {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/plans.yaml": "- {name: s, description: d, file: s.yaml}", "bad/plans/s.yaml": `a: {{ include "x" . }}`}, `plan "s"`},
		"broken template":  {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/plans.yaml": "- {name: s, description: d, file: s.yaml}", "bad/plans/s.yaml": `a: {{`}, `plan "s"`},
		"plans not even":   {plan("- 7"), "plans.yaml"},
		"values duplicate": {map[string]string{"bad/Chart.yaml": chartYAML("bad"), "bad/plans.yaml": "- {name: s, description: d, file: s.yaml}", "bad/plans/s.yaml": "a: 1\na: 2"}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			c.files["good/Chart.yaml"] = chartYAML("good")
			catalog := load(t, write(t, c.files))
			if len(catalog.Services) != 1 || catalog.Services[0].Metadata().Name != "good" {
				t.Errorf("served: %+v", catalog.Services)
			}
			if len(catalog.Problems) != 1 || !strings.Contains(catalog.Problems[0].Err.Error(), c.want) {
				t.Errorf("problems %v, want one with %q", catalog.Problems, c.want)
			}
		})
	}
}

// TestDigest changes with everything an operator can edit, and with nothing else.
func TestDigest(t *testing.T) {
	files := map[string]string{
		"Chart.yaml": chartYAML("c"), "values.yaml": "a: 1", "plans.yaml": "- {name: s, description: d, file: s.yaml}", "plans/s.yaml": "a: 1",
		".helmignore": "plans/\n",
	}
	digest := func() string { return load(t, write(t, files)).Services[0].Digest }
	first := digest()
	if again := digest(); again != first {
		t.Errorf("the same chart has digests %s and %s", first, again)
	}
	for name, text := range map[string]string{"values.yaml": "a: 2", "plans/s.yaml": "a: 3", "templates/x.yaml": "a: 4", "bind.yaml": "template: '{a: 1}'"} {
		files[name] = text
		if changed := digest(); changed == first {
			t.Errorf("changing %s leaves the digest as it was", name)
		} else {
			first = changed
		}
	}
}

// TestLinks lead to files of the chart and beside it, and no further.
func TestLinks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("s3cr3t"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		to      string
		refused bool
	}{
		"in the chart":     {"..data/note", false},
		"beside the chart": {"../shared/note", false},
		"elsewhere":        {secret, true},
		"to a folder":      {filepath.Dir(secret), true},
		"for a plan":       {secret, true},
	} {
		t.Run(name, func(t *testing.T) {
			root := write(t, map[string]string{"redis/Chart.yaml": chartYAML("redis"), "redis/..data/note": "here", "shared/note": "here"})
			link := filepath.Join(root, "redis", "note")
			if name == "for a plan" {
				link = filepath.Join(root, "redis", "plans.yaml")
			}
			if err := os.Symlink(c.to, link); err != nil {
				t.Fatal(err)
			}
			catalog, err := chart.Load(root)
			if err != nil {
				t.Fatal(err)
			}
			if !c.refused {
				if len(catalog.Problems) > 0 || len(catalog.Services) != 1 {
					t.Errorf("problems %v", catalog.Problems)
				}
				return
			}
			if len(catalog.Problems) != 1 || !strings.Contains(catalog.Problems[0].Err.Error(), "leads out of the folder of charts") {
				t.Errorf("problems %v", catalog.Problems)
			}
		})
	}
}

// TestLargeCharts are refused before they are in memory.
func TestLargeCharts(t *testing.T) {
	large, many := map[string]string{}, map[string]string{}
	for n := range 9 {
		large["files/"+strings.Repeat("x", n+1)] = strings.Repeat("y", 4<<20)
	}
	for n := range 10_000 {
		many[fmt.Sprintf("files/%d", n)] = ""
	}
	zeros := string(packed(t, 20<<20))
	for name, c := range map[string]struct {
		files map[string]string
		why   string
	}{
		"folder":          {large, "more than 32 MiB of files altogether"},
		"many files":      {many, "more than 10000 files altogether"},
		"its subcharts":   {map[string]string{"charts/a.tgz": zeros, "charts/b.tgz": zeros}, "charts/b.tgz: the chart has more than 32 MiB of files altogether"},
		"archive":         {map[string]string{"../large.tgz": string(packed(t, 100<<20))}, "more than 32 MiB of files altogether"},
		"packed":          {map[string]string{"../large.tgz": strings.Repeat("x", 20<<20+1)}, "more than 20 MiB"},
		"its plans":       {map[string]string{"plans.yaml": strings.Repeat("x", 5<<20+1)}, "plans.yaml is larger than"},
		"its plans' file": {map[string]string{"plans.yaml": "- {name: a, description: b, file: a.yaml}", "plans/a.yaml": strings.Repeat("x", 5<<20+1)}, "plans/a.yaml is larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			root := map[string]string{"large/Chart.yaml": chartYAML("large"), "small/Chart.yaml": chartYAML("small")}
			for file, text := range c.files {
				root[path.Join("large", file)] = text
			}
			catalog := load(t, write(t, root))
			if len(catalog.Problems) != 1 || !strings.Contains(catalog.Problems[0].Err.Error(), c.why) || !strings.Contains(catalog.Problems[0].From, "large") {
				t.Errorf("problems %v", catalog.Problems)
			}
		})
	}
}

// packed is an archive of zeros, which it has little of itself.
func packed(t *testing.T, size int) []byte {
	t.Helper()
	var text bytes.Buffer
	zipped := gzip.NewWriter(&text)
	archive := tar.NewWriter(zipped)
	const each = 4 << 20
	for n := range size / each {
		if err := archive.WriteHeader(&tar.Header{Name: fmt.Sprintf("x/%d", n), Size: each}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(make([]byte, each)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}
