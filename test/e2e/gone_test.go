package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

// TestGoneFailures has a platform delete what it couldn't create. Why it failed
// stays to be seen, without what is secret; nothing is kept of what went well.
func TestGoneFailures(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	if none, _ := f.operator(0, "list", "--gone"); !strings.Contains(none, "no service instance") {
		t.Errorf("before anything failed: %s", none)
	}
	good, bad := f.create("fixture", "plain", nil), f.instance("fixture", "plain")
	operation := f.want(202)(f.Provision(t.Context(), bad, map[string]any{"broken": true, "marked": markedSecret})).Operation()
	failed := f.ended(bad, operation)
	if failed.State != "failed" {
		t.Fatalf("the create ended as %+v", failed)
	}
	f.delete(bad)
	f.delete(good)
	text, _ := f.operator(0, "list", "--gone")
	t.Logf("\n%s", text)
	f.contains(text, bad.ID, "fixture", "plain", "create", strings.Join(strings.Fields(failed.Description), " "))
	if strings.Contains(text, good.ID) || strings.Contains(text, markedSecret) {
		t.Errorf("it lists too much:\n%s", text)
	}
	var all struct{ Gone []inspect.Past }
	text, _ = f.operator(0, "list", "--gone", "--json", "--service", "fixture")
	f.must(json.Unmarshal([]byte(text), &all))
	if len(all.Gone) != 1 || all.Gone[0].Reason != failed.Description || all.Gone[0].CorrelationID == "" {
		t.Errorf("as JSON: %+v", all.Gone)
	}
	other, _ := f.operator(0, "list", "--gone", "--service", "other")
	if strings.Contains(other, bad.ID) {
		t.Errorf("of another service:\n%s", other)
	}
	f.operator(2, "list", "--gone", "--state", "failed")
}
