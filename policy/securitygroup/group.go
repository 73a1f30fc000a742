package securitygroup

import (
	"slices"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// place is what a security group is there for: the apps of a space, and a policy group.
type place struct{ space, group string }

const prefix = "cf-helm-broker-"

// name is the same in every replica and after every crash, and unique in a foundation:
// so there can't be two.
func (p place) name() string { return NamesTo(p.group) + p.space }

// NamesTo is what the names of all groups begin with that lead to the policy group.
func NamesTo(group string) string { return prefix + group + "-" }

// placeOf is what a group of that name is there for; false for a name that isn't the
// broker's.
func placeOf(name string) (place, bool) {
	rest, ours := strings.CutPrefix(name, prefix)
	const uuid = 36
	if !ours || len(rest) < uuid+2 || rest[uuid] != '-' || !policy.ValidID(rest[:uuid]) {
		return place{}, false
	}
	return place{space: rest[uuid+1:], group: rest[:uuid]}, true
}

// Made is what a security group of a name that the broker gives is there for: the policy
// group that it leads to, and the policies that its rules say to make true.
func Made(g *resource.SecurityGroup) (group string, policies []policy.Policy, ours bool) {
	at, ours := placeOf(g.Name)
	if !ours {
		return "", nil, false
	}
	for i := range g.Rules {
		if p, made := policyOf(&g.Rules[i], at.group); made {
			policies = append(policies, p)
		}
	}
	return at.group, policy.Unique(policies), true
}

// group is a security group of the broker's as it was read.
type group struct {
	place
	guid             string
	rules            map[policy.Policy][]*resource.SecurityGroupRule
	foreign          []*resource.SecurityGroupRule // what somebody has added by hand
	running, staging bool                          // bound to its space
}

// read is the group; false for one that isn't the broker's: by its name, or since it
// has rules, and none that says so.
func read(g *resource.SecurityGroup) (group, bool) {
	at, ours := placeOf(g.Name)
	if !ours {
		return group{}, false
	}
	bound := func(to resource.ToManyRelationships) bool {
		return slices.ContainsFunc(to.Data, func(r resource.Relationship) bool { return r.GUID == at.space })
	}
	found := group{place: at, guid: g.GUID, rules: map[policy.Policy][]*resource.SecurityGroupRule{},
		running: bound(g.Relationships.RunningSpaces), staging: bound(g.Relationships.StagingSpaces)}
	for i := range g.Rules {
		if p, made := policyOf(&g.Rules[i], at.group); made {
			found.rules[p] = append(found.rules[p], &g.Rules[i])
		} else {
			found.foreign = append(found.foreign, &g.Rules[i])
		}
	}
	return found, len(g.Rules) == 0 || len(found.rules) > 0
}

func (g group) has(p policy.Policy) bool { return len(g.rules[p]) > 0 }

// bound tells whether the group counts for all that it is to count for.
func (e *Enforcer) bound(g group) bool { return g.running && (g.staging || !e.settings.Staging) }
