package e2e

import (
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestSpacesTakeTurns has one space create many instances, and another one. What
// counts is the order: the single one is there before the many are.
func TestSpacesTakeTurns(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"KUBE_QPS": "40", "OPERATION_WORKERS": "2", "OPERATION_TIMEOUT": "5m"})
	many := make([]rig.Instance, 30)
	for n := range many {
		many[n] = f.instance("fixture", "plain")
		f.want(202)(f.Provision(t.Context(), many[n], nil))
	}
	single := f.instance("fixture", "plain")
	single.Space = uuid.NewString()
	f.ready(single, f.want(202)(f.Provision(t.Context(), single, nil)).Operation())
	done := 0
	for _, i := range many {
		_, o, err := f.LastOperation(t.Context(), i, "")
		f.must(err)
		if o.State != "in progress" {
			done++
		}
	}
	t.Logf("%d of %d were done before", done, len(many))
	if done > len(many)/3 {
		t.Errorf("%d of another space's %d creates were done before the single one of this space", done, len(many))
	}
}
