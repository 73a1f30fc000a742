package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestGreedyDashboards has the template of a dashboard's address take what would
// take a broker's memory and time. Instances serve without it, and others have theirs.
func TestGreedyDashboards(t *testing.T) {
	f := newFoundation(t, "charts-greedy", nil)
	f.within()
	for parameters, why := range map[string]string{
		`{"loop": 400000000}`:  "MB of memory",
		`{"outer": 1000000}`:   "takes more than",
		`{"text": 2000000000}`: "MB of memory",
		`{"text": 9000000}`:    "MB of manifests",
		`{"text": 5000}`:       "it may have 2048",
	} {
		i := f.instance("dashboard", "open")
		answer := f.want(202)(f.Provision(t.Context(), i, json.RawMessage(parameters)))
		other := f.instance("dashboard", "open")
		others := f.want(202)(f.Provision(t.Context(), other, nil))
		f.ready(i, answer.Operation())
		f.ready(other, others.Operation())
		fetched := f.want(200)(f.Fetch(t.Context(), i))
		if strings.Contains(string(answer.Body)+string(fetched.Body), "dashboard_url") || !strings.Contains(string(others.Body), "dashboard_url") {
			t.Errorf("%s: answered %s and %s, another one %s", parameters, answer.Body, fetched.Body, others.Body)
		}
		if !strings.Contains(f.broker.Log(), why) {
			t.Errorf("%s: the log doesn't say %q", parameters, why)
		}
	}
	f.wantAlive()
}
