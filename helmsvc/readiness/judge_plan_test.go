package readiness

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestPlanJudges by what plans.yaml says of a kind, and quotes the operator.
func TestPlanJudges(t *testing.T) {
	running := chart.Expectation{Path: "{.status.phase}", Value: "Running"}
	failing := chart.Expectation{Path: "{.status.phase}", Value: "Failed"}
	phases := chart.Readiness{For: running, Failed: &failing}
	const current, inProgress, failed = "Current", "InProgress", "Failed"
	for name, c := range map[string]struct {
		rule      chart.Readiness
		status    string
		want, why string
	}{
		"it only has to exist":          {rule: chart.Readiness{}, want: current},
		"no status":                     {rule: phases, want: inProgress, why: "it has no status yet: is its operator running?"},
		"the value":                     {rule: phases, status: "{phase: Running}", want: current},
		"another value":                 {rule: phases, status: "{phase: Pending, message: two to go}", want: inProgress, why: "{.status.phase} is Pending: two to go"},
		"no value":                      {rule: phases, status: "{version: 7}", want: inProgress, why: "{.status.phase} isn't set"},
		"failed":                        {rule: phases, status: "{phase: Failed, message: no such version}", want: failed, why: "{.status.phase} is Failed: no such version"},
		"seen as it was before":         {rule: phases, status: "{phase: Running, observedGeneration: 1}", want: inProgress, why: "its operator hasn't seen the latest change of it yet"},
		"conditions don't count":        {rule: phases, status: "{phase: Running, conditions: [{type: Ready, status: 'False'}]}", want: current},
		"a number":                      {rule: chart.Readiness{For: chart.Expectation{Path: "{.status.members}", Value: "3"}}, status: "{members: 3}", want: current},
		"any value":                     {rule: chart.Readiness{For: chart.Expectation{Path: "{.status.address}"}}, status: "{address: a}", want: current},
		"more than one value":           {rule: chart.Readiness{For: chart.Expectation{Path: "{.status.members[*]}", Value: "up"}}, status: "{members: [up, up]}", want: inProgress, why: "{.status.members[*]} is more than one value"},
		"a condition":                   {rule: chart.Readiness{For: chart.Expectation{Condition: "up", Value: "true"}}, status: "{conditions: [{type: Up, status: 'True'}]}", want: current},
		"a condition that isn't":        {rule: chart.Readiness{For: chart.Expectation{Condition: "Up", Value: "True"}}, status: "{conditions: [{type: Up, status: 'False', message: soon}]}", want: inProgress, why: "Up is False: soon"},
		"a stale condition":             {rule: chart.Readiness{For: chart.Expectation{Condition: "Up", Value: "True"}}, status: "{conditions: [{type: Up, status: 'True', observedGeneration: 1}]}", want: inProgress, why: "Up is True for what it was before"},
		"a condition that is not there": {rule: chart.Readiness{For: chart.Expectation{Condition: "Up", Value: "True"}}, status: "{conditions: []}", want: inProgress, why: "it has no condition Up yet"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judgeByPlan(thing(t, c.status), &c.rule); got.Status.String() != c.want || got.Message != c.why {
				t.Errorf("it is %s (%q), want %s (%q)", got.Status, got.Message, c.want, c.why)
			}
		})
	}
}
