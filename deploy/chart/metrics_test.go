package chart_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	metric   = regexp.MustCompile(`cf_helm_broker_[a-z_]+`)
	selector = regexp.MustCompile(`(cf_helm_broker_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouping = regexp.MustCompile(`by \(([^)]*)\)`)
	shown    = regexp.MustCompile(`\$labels\.([a-z]+)`)
)

// labels are the values that each label of a metric has.
type labels map[string][]string

// brokers are the labels of each metric that a broker has; what they name are all values of
// those that have a few, such as a result.
func brokers(t *testing.T) map[string]labels {
	t.Helper()
	found := map[string]labels{}
	for _, each := range series(t) {
		name, values := parsed(each.Series)
		if found[name] == nil {
			found[name] = labels{}
		}
		for label, value := range values {
			found[name][label] = append(found[name][label], value)
		}
	}
	return found
}

func parsed(series string) (name string, values map[string]string) {
	parts := selector.FindStringSubmatch(series)
	values = map[string]string{}
	for _, m := range matcher.FindAllStringSubmatch(parts[2], -1) {
		values[m[1]] = m[3]
	}
	return parts[1], values
}

// expressions are those of the alerts and of the dashboard's panels, by their names.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range rules(t) {
		all[r.Alert] = r.Expr
	}
	for _, q := range queries(t) {
		all[q.title] += " " + q.expr
	}
	return all
}

// TestQueriesAreOfTheBrokersMetrics: alerts and the dashboard ask for metrics, labels and
// values of these that the broker has.
func TestQueriesAreOfTheBrokersMetrics(t *testing.T) {
	known := brokers(t)
	for where, expression := range expressions(t) {
		there := labels{}
		for _, asked := range selector.FindAllStringSubmatch(expression, -1) {
			has, is := known[asked[1]]
			if !is {
				t.Errorf("%s asks for %s, which the broker doesn't have", where, asked[1])
			}
			for label := range has {
				there[label] = nil
			}
			for _, m := range matcher.FindAllStringSubmatch(asked[2], -1) {
				for value := range strings.SplitSeq(m[3], "|") {
					if value != "$namespace" && !slices.Contains(has[m[1]], value) {
						t.Errorf("%s asks for %s with %s=%q, which has %q", where, asked[1], m[1], value, has[m[1]])
					}
				}
			}
		}
		for _, by := range grouping.FindAllStringSubmatch(expression, -1) {
			for label := range strings.SplitSeq(by[1], ", ") {
				if _, is := there[label]; !is {
					t.Errorf("%s goes by %s, and what it asks for has %v", where, label, there)
				}
			}
		}
	}
}

// TestSummariesShowLabels that the alert's expression keeps.
func TestSummariesShowLabels(t *testing.T) {
	for _, r := range rules(t) {
		for _, label := range shown.FindAllStringSubmatch(r.Annotations["summary"], -1) {
			if by := grouping.FindStringSubmatch(r.Expr); by == nil || !slices.Contains(strings.Split(by[1], ", "), label[1]) {
				t.Errorf("%s shows %s, which its expression doesn't keep", r.Alert, label[1])
			}
		}
	}
}

// TestAlertsFireByTheBrokersMetrics: what has alerts fire in the tests are series with the
// labels that the broker's have, and with its values of those that alerts go by.
func TestAlertsFireByTheBrokersMetrics(t *testing.T) {
	known := brokers(t)
	valued := map[string]bool{} // metric and label whose values an alert names
	for _, r := range rules(t) {
		for _, asked := range selector.FindAllStringSubmatch(r.Expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(asked[2], -1) {
				valued[asked[1]+" "+m[1]] = true
			}
		}
	}
	for _, line := range regexp.MustCompile(`series: '([^']+)'`).FindAllStringSubmatch(read(t, alertTests), -1) {
		name, values := parsed(line[1])
		var has, want []string
		for label, value := range values {
			has = append(has, label)
			// What a credential is called is up to settings and plans, but for the one that the alert names.
			if valued[name+" "+label] && label != "credential" && !slices.Contains(known[name][label], value) {
				t.Errorf("%s has %s=%q, of which the broker has %q", line[1], label, value, known[name][label])
			}
		}
		for label := range known[name] {
			want = append(want, label)
		}
		slices.Sort(has)
		slices.Sort(want)
		if !slices.Equal(has, want) {
			t.Errorf("%s has the labels %q, want the broker's, %q", line[1], has, want)
		}
	}
}

var metricRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]*) \\| [^|]+ \\| ([^|]*) \\|$")

// TestMetricsAreTheTables: docs/operate.md lists each metric with its labels. What only the
// leading replica knows is asked of it alone: another may still tell what was.
func TestMetricsAreTheTables(t *testing.T) {
	_, table, _ := strings.Cut(read(t, root+"/docs/operate.md"), "\n### Metrics\n")
	table, _, _ = strings.Cut(table, "\n### ")
	listed, leaders := map[string]string{}, map[string]bool{}
	for _, row := range metricRow.FindAllStringSubmatch(table, -1) {
		name := "cf_helm_broker_" + row[1]
		listed[name], leaders[name] = strings.ReplaceAll(row[2], "`", ""), row[3] == "yes"
	}
	families, err := registered().Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]string{}
	for _, family := range families {
		var labels []string
		for _, l := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		there[family.GetName()] = strings.Join(labels, ", ")
	}
	for name, labels := range there {
		if got, is := listed[name]; !is || !sameNames(got, labels) {
			t.Errorf("docs/operate.md lists %s (%t) with the labels %q, want %q", name, is, got, labels)
		}
	}
	for name := range listed {
		if _, is := there[name]; !is {
			t.Errorf("docs/operate.md lists %s, which the broker doesn't have", name)
		}
	}
	for where, expression := range expressions(t) {
		for _, found := range selector.FindAllStringSubmatchIndex(expression, -1) {
			if name := expression[found[2]:found[3]]; leaders[name] && !ofLeader.MatchString(expression[found[1]:]) {
				t.Errorf("%s asks all replicas for %s", where, name)
			}
		}
	}
}

var ofLeader = regexp.MustCompile(`^ and on \(namespace, job, instance\) cf_helm_broker_leading(\{[^}]*\})? == 1`)

func sameNames(one, other string) bool {
	names, others := strings.Split(one, ", "), strings.Split(other, ", ")
	slices.Sort(names)
	slices.Sort(others)
	return slices.Equal(names, others)
}
