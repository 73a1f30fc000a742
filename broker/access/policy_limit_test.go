package access

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// TestPolicyLimit: the plan's limit goes before the setting's, and the error
// names ports.
func TestPolicyLimit(t *testing.T) {
	many := make([]int, 30)
	for n := range many {
		many[n] = 1000 + 2*n
	}
	for name, c := range map[string]struct {
		setting, plan int
		policies      []policy.Policy
		words         string
	}{
		"none":            {0, 0, to("i", many...), ""},
		"as many":         {30, 0, to("i", many...), ""},
		"more":            {29, 0, to("i", many...), "a binding may have 29 policies and would have 30: this one opens the ports 1000/tcp, 1002/tcp, 1004/tcp, 1006/tcp, 1008/tcp, 1010/tcp, 1012/tcp, 1014/tcp, 1016/tcp, 1018/tcp and 20 more"},
		"the plan's":      {100, 2, to("i", 1, 5, 9), "may have 2 policies and would have 3: this one opens the ports 1/tcp, 5/tcp, 9/tcp, of which"},
		"the plan's more": {2, 3, to("i", 1, 5, 9), ""},
		"a range is one":  {1, 0, []policy.Policy{policy.Range("app", "i", "udp", 1, 5000)}, ""},
		"a range's name":  {1, 0, []policy.Policy{policy.Range("app", "i", "udp", 1, 5000), policy.To("app", "i", "tcp", 1)}, "1-5000/udp, 1/tcp"},
	} {
		e := &Access{settings: Settings{PoliciesPerBinding: c.setting}}
		err := e.policyLimit(record.Binding{}, chart.Plan{PoliciesPerBinding: c.plan}, c.policies)
		var limit *PolicyLimitError
		switch {
		case c.words == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.words != "" && (!errors.As(err, &limit) || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHeldNeed: beyond the limit nothing is opened to pods, what is open stays,
// and shared services follow.
func TestHeldNeed(t *testing.T) {
	ranged := []policy.Policy{policy.Range("app", "i", "tcp", 80, 90)}
	for name, c := range map[string]struct {
		wanted need
		open   []policy.Policy
		want   []policy.Policy
	}{
		"new ports":       {need{policies: to("i", 80, 82, 84)}, to("i", 80), to("i", 80)},
		"joined":          {need{policies: slices.Concat(ranged, to("i", 100))}, to("i", 80), to("i", 80)},
		"closed":          {need{policies: to("i", 82, 84)}, to("i", 80), nil},
		"shared":          {need{policies: slices.Concat(to("i", 80, 82), to("s", 53)), shared: []string{"s"}}, to("i", 80), slices.Concat(to("i", 80), to("s", 53))},
		"shared, already": {need{policies: slices.Concat(to("i", 80, 82), to("s", 53)), shared: []string{"s"}}, to("s", 53), to("s", 53)},
	} {
		have := c.wanted.held(c.open)
		if !policy.Same(have.policies, c.want) || !slices.Equal(have.shared, c.wanted.shared) {
			t.Errorf("%s: %+v, want %+v", name, have, c.want)
		}
	}
}
