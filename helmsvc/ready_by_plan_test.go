package helmsvc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// TestPlanIsAsked for what ready means, by installs, and by updates that are
// taken back.
func TestPlanIsAsked(t *testing.T) {
	p := newPlace(t)
	operated("Phased")(p)
	p.target.Ready = []chart.Readiness{{
		Kind: "Phased.example.com", For: chart.Expectation{Path: "{.status.phase}", Value: "Running"},
		Failed: &chart.Expectation{Path: "{.status.phase}", Value: "Failed"},
	}}
	what := func(spec string) chart.Rendered { return rendered(object("example.com/v1", "Phased", "one", spec)) }
	pending := p.once("no status yet", tells("Phased", "one", `{"phase": "Pending"}`))
	running := p.once("{.status.phase} is Pending", tells("Phased", "one", `{"phase": "Running"}`))
	report := func(now readiness.Progress) { pending(now); running(now) }
	if err := p.Install(t.Context(), p.target, what("{}"), report); err != nil {
		t.Fatal(err)
	}
	tells("Phased", "one", `{"phase": "Failed", "message": "no such version"}`)(p)
	err := p.Upgrade(t.Context(), p.target, what("{version: x}"), nil)
	var notReady *readiness.NotReadyError
	if !errors.As(err, &notReady) || !strings.Contains(err.Error(), "since Phased one failed ({.status.phase} is Failed: no such version)") {
		t.Fatalf("error %v", err)
	}
	tells("Phased", "one", `{"phase": "Running"}`)(p)
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Error(err)
	}
}
