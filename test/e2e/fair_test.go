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
	ended := func() (count int) {
		for _, i := range many {
			_, o, err := f.LastOperation(t.Context(), i, "")
			f.must(err)
			if o.State != "in progress" {
				count++
			}
		}
		return count
	}
	single := f.instance("fixture", "plain")
	single.Space = uuid.NewString()
	operation := f.want(202)(f.Provision(t.Context(), single, nil)).Operation()
	before := ended()
	f.ready(single, operation)
	meanwhile, left := ended()-before, len(many)-before
	t.Logf("%d of %d were done before it, %d of the %d others meanwhile", before, len(many), meanwhile, left)
	if left < len(many)/3 {
		t.Fatal("too few were left to be in its way")
	}
	if meanwhile > left/2 {
		t.Errorf("%d of another space's %d creates were done before the single one of this space", meanwhile, left)
	}
}
