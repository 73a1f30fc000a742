package chart_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/broker/cause"
)

// rule is one of alerts.yaml.
type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []rule `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.UnmarshalStrict([]byte(read(t, "alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return file.Groups[0].Rules
}

// TestAlertsHaveRunbooks: whoever is woken is told what to do.
func TestAlertsHaveRunbooks(t *testing.T) {
	operate := read(t, root+"/docs/operate.md")
	for _, r := range rules(t) {
		if !strings.Contains(operate, "\n### "+r.Alert+"\n") {
			t.Errorf("docs/operate.md has no heading %s", r.Alert)
		}
		if !strings.HasSuffix(r.Annotations["runbook_url"], "/docs/operate.md#"+strings.ToLower(r.Alert)) {
			t.Errorf("%s leads to %s", r.Alert, r.Annotations["runbook_url"])
		}
		if !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || r.Annotations["summary"] == "" {
			t.Errorf("%s has the severity %q and the summary %q", r.Alert, r.Labels["severity"], r.Annotations["summary"])
		}
	}
}

var (
	causeRow   = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| ([^|]+) \\|$")
	causeMatch = regexp.MustCompile(`cause=~"([a-z|-]+)"`)
)

// TestCausesAreTheTables: docs/operate.md lists each cause of failures, and the alert for
// operators is of those that are theirs to mend.
func TestCausesAreTheTables(t *testing.T) {
	_, table, _ := strings.Cut(read(t, root+"/docs/operate.md"), "\n### Causes of failures\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var listed, operators, alerted, there []string
	for _, row := range causeRow.FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
		if strings.HasPrefix(row[2], "operator") {
			operators = append(operators, row[1])
		}
	}
	for _, r := range rules(t) {
		for _, match := range causeMatch.FindAllStringSubmatch(r.Expr, -1) {
			alerted = append(alerted, strings.Split(match[1], "|")...)
		}
	}
	for _, c := range cause.All() {
		there = append(there, string(c))
	}
	for _, names := range [][]string{listed, operators, alerted, there} {
		slices.Sort(names)
	}
	if !slices.Equal(listed, there) {
		t.Errorf("docs/operate.md lists %v; there are %v", listed, there)
	}
	if !slices.Equal(alerted, operators) {
		t.Errorf("the alert is of %v; docs/operate.md has operators mend %v", alerted, operators)
	}
}

const alertTests = "ci/alerts-promtool.yaml"

// TestAlertsFire has Prometheus' own engine evaluate the rules.
func TestAlertsFire(t *testing.T) {
	t.Parallel()
	testRules(t, alertTests)
}

// testRules runs promtool's tests of rules. The tool takes minutes to build where Go's
// build cache doesn't have it.
func testRules(t *testing.T, file string) {
	t.Helper()
	promtool := filepath.Join(t.TempDir(), "promtool")
	// Without the tag it would find targets on every cloud, for which there are hundreds of packages.
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "remove_all_sd", "-o", promtool, "github.com/prometheus/prometheus/cmd/promtool")
	build.Dir = root + "/test/promtool"
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building promtool: %v:\n%s", err, said)
	}
	if said, err := exec.CommandContext(t.Context(), promtool, "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, said)
	}
}

// TestEachAlertIsTested: none is added without being seen to fire.
func TestEachAlertIsTested(t *testing.T) {
	tests := read(t, alertTests)
	for _, r := range rules(t) {
		if !strings.Contains(tests, `{alertname="`+r.Alert+`"`) {
			t.Errorf("nothing in %s has %s fire", alertTests, r.Alert)
		}
	}
}
