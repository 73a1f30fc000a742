package chart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/broker/measure"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
	"github.com/cf-helm-broker/cf-helm-broker/names/publish"
)

// query is one of the dashboard's.
type query struct{ title, expr string }

func queries(t *testing.T) (all []query) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			all = append(all, query{p.Title, target.Expr})
		}
	}
	return all
}

// TestDashboardShows has Prometheus' own engine evaluate each of the dashboard's queries
// over all metrics that the broker has: each can be read, and shows something.
func TestDashboardShows(t *testing.T) {
	t.Parallel()
	type expected struct {
		Labels string `json:"labels"`
		Value  int    `json:"value"`
	}
	type test struct {
		Expr    string     `json:"expr"`
		At      string     `json:"eval_time"`
		Samples []expected `json:"exp_samples"`
	}
	type record struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	variables := strings.NewReplacer("$namespace", "b", "$__rate_interval", "5m")
	var records []record
	var tests []test
	for n, q := range queries(t) {
		name := fmt.Sprintf("query:%d", n)
		records = append(records, record{name, variables.Replace(q.expr)})
		tests = append(tests, test{fmt.Sprintf("count(%s) > bool 0 # %s", name, q.title), "30m", []expected{{"{}", 1}}})
	}
	folder := t.TempDir()
	writeYAML(t, filepath.Join(folder, "queries.yaml"), map[string]any{"groups": []any{map[string]any{"name": "queries", "interval": "1m", "rules": records}}})
	file := filepath.Join(folder, "tests.yaml")
	writeYAML(t, file, map[string]any{"rule_files": []string{"queries.yaml"}, "evaluation_interval": "1m", "tests": []any{
		map[string]any{"interval": "1m", "input_series": series(t), "promql_expr_test": tests},
	}})
	testRules(t, file)
}

func writeYAML(t *testing.T, file string, what any) {
	t.Helper()
	text, err := yaml.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// inputSeries is one as promtool takes it.
type inputSeries struct {
	Series string `json:"series"`
	Values string `json:"values"`
}

// registered are the metrics of a broker which knows of one of each.
func registered() prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	measure.New(registry)
	measure.Derived{
		Instances: func() measure.Instances {
			return measure.Instances{Plans: []measure.Plan{{Service: "s", Plan: "p", Instances: 1, Left: 1, Bounded: true}}}
		},
		Ends:   func() map[string]time.Time { return map[string]time.Time{measure.OwnToken: time.Now().Add(time.Hour)} },
		Queues: map[string]measure.Queue{"helm": queue{}},
		Agents: func(context.Context) (int, int, error) { return 1, 0, nil },
	}.Register(registry)
	web.Readiness{
		Leads:        func() bool { return true },
		Charts:       func() ([]web.OfferedChart, []web.ChartProblem) { return nil, nil },
		Dependencies: map[string]func(context.Context) error{"kubernetes": func(context.Context) error { return nil }},
		Files:        map[string]func() error{"TLS_CERT_FILE": func() error { return nil }},
	}.Register(registry)
	door.New(door.Options{Registry: registry})
	publish.NewMetrics(registry)
	return registry
}

// series are a broker's. Counters count.
func series(t *testing.T) (all []inputSeries) {
	t.Helper()
	families, err := registered().Gather()
	if err != nil {
		t.Fatal(err)
	}
	const counts = "0+1x60"
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := []string{`namespace="b"`, `job="x"`, `instance="1"`}
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			add := func(suffix, values string, more ...string) {
				all = append(all, inputSeries{family.GetName() + suffix + "{" + strings.Join(append(more, labels...), ",") + "}", values})
			}
			switch family.GetType().String() {
			case "HISTOGRAM":
				add("_count", counts)
				add("_bucket", counts, `le="+Inf"`)
				for _, b := range m.GetHistogram().GetBucket() {
					add("_bucket", counts, fmt.Sprintf(`le="%g"`, b.GetUpperBound()))
				}
			case "COUNTER":
				add("", counts)
			default:
				add("", fmt.Sprintf("%gx60", m.GetGauge().GetValue()))
			}
		}
	}
	return all
}

// queue is one in which something waits.
type queue struct{}

func (queue) Waiting() int          { return 1 }
func (queue) Turns() int            { return 1 }
func (queue) Waited() time.Duration { return time.Second }
