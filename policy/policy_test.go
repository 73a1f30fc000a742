package policy_test

import (
	"slices"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const app, group = "0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"

func TestCovers(t *testing.T) {
	wide := policy.Range(app, group, "tcp", 80, 90)
	for name, c := range map[string]struct {
		other policy.Policy
		want  bool
	}{
		"itself":         {wide, true},
		"within":         {policy.To(app, group, "tcp", 85), true},
		"its ends":       {policy.Range(app, group, "tcp", 80, 81), true},
		"beyond":         {policy.Range(app, group, "tcp", 85, 91), false},
		"before":         {policy.To(app, group, "tcp", 79), false},
		"other protocol": {policy.To(app, group, "udp", 85), false},
		"other source":   {policy.To(group, group, "tcp", 85), false},
		"other group":    {policy.To(app, app, "tcp", 85), false},
	} {
		if got := wide.Covers(c.other); got != c.want {
			t.Errorf("%s: covered %t", name, got)
		}
	}
}

func TestGroupsAndSame(t *testing.T) {
	one, two := policy.To(app, group, "tcp", 1), policy.To(app, app, "tcp", 1)
	groups := []string{app, group}
	slices.Sort(groups)
	if got := policy.Groups([]policy.Policy{one, two, one}); !slices.Equal(got, groups) {
		t.Errorf("groups %v, want %v", got, groups)
	}
	if !policy.Same([]policy.Policy{one, two}, []policy.Policy{two, one, one}) || policy.Same([]policy.Policy{one}, []policy.Policy{two}) {
		t.Error("Same goes by order or by number")
	}
}
