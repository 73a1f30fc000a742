package instance

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestPlanQuotaCounts has an instance count under the plan that it has, and
// already under the one that it is being changed to.
func TestPlanQuotaCounts(t *testing.T) {
	counts := planQuota(chart.Plan{ID: "small"}).counts
	for name, c := range map[string]struct {
		instance record.Instance
		want     bool
	}{
		"has it":      {record.Instance{PlanID: "small"}, true},
		"comes to it": {record.Instance{PlanID: "large", Update: &record.Update{PlanID: "small"}}, true},
		"leaves it":   {record.Instance{PlanID: "small", Update: &record.Update{PlanID: "large"}}, true},
		"other":       {record.Instance{PlanID: "large"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := counts(c.instance); got != c.want {
				t.Errorf("it counts: %t, want %t", got, c.want)
			}
		})
	}
}
