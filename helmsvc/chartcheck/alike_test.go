package chartcheck

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestAlike makes one of warnings that differ in their object only.
func TestAlike(t *testing.T) {
	var many []string
	for i := range 74 {
		many = append(many, fmt.Sprintf("templates/role-%d.yaml: Role r%d: the role r%d isn't allowed", i, i, i))
	}
	for name, c := range map[string]struct{ warnings, want []string }{
		"none":         {nil, nil},
		"about a file": {[]string{"plans.yaml: ready: x", "plans.yaml: ready: y"}, []string{"plans.yaml: ready: x", "plans.yaml: ready: y"}},
		"others": {
			[]string{"t/a.yaml: Role a: no", "t/b.yaml: Pod b: container x has no probe", "t/c.yaml: ClusterRole c: no", "t/b.yaml: Pod b: container y has no probe"},
			[]string{"t/a.yaml: Role a: no; and 1 more: ClusterRole c", "t/b.yaml: Pod b: container x has no probe; and 1 more: Pod b (container y)"},
		},
		"different":   {[]string{"t/a.yaml: Role a: no", "t/b.yaml: Role b: yes"}, []string{"t/a.yaml: Role a: no", "t/b.yaml: Role b: yes"}},
		"74 are one":  {many, []string{many[0] + "; and 73 more: Role r1, Role r2, Role r3, Role r4, Role r5, …"}},
		"exactly six": {many[:6], []string{many[0] + "; and 5 more: Role r1, Role r2, Role r3, Role r4, Role r5"}},
	} {
		if got := alike(c.warnings); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
