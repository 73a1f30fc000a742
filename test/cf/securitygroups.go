package cf

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// SecurityGroup is an application security group: what the apps of its spaces may reach.
type SecurityGroup struct {
	GUID  string
	Name  string
	Rules []SecurityGroupRule
	// RunningSpaces and StagingSpaces are the GUIDs of the spaces that it is bound to.
	RunningSpaces, StagingSpaces []string

	created, updated time.Time
}

// SecurityGroupRule is https://v3-apidocs.cloudfoundry.org/#the-rule-object.
type SecurityGroupRule struct {
	Protocol    string `json:"protocol"`
	Destination string `json:"destination"`
	Ports       string `json:"ports,omitempty"`
	Description string `json:"description,omitempty"`
	Type        *int   `json:"type,omitempty"`
	Code        *int   `json:"code,omitempty"`
	Log         bool   `json:"log,omitempty"`
}

// SecurityGroups are the groups now, oldest first.
func (s *Server) SecurityGroups() []SecurityGroup {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	groups := make([]SecurityGroup, len(s.cc.groups))
	for i, g := range s.cc.groups {
		groups[i] = g.clone()
	}
	return groups
}

// PutSecurityGroup adds a group, or replaces the one of its name, as an operator does
// by hand.
func (s *Server) PutSecurityGroup(g SecurityGroup) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.groups = slices.DeleteFunc(s.cc.groups, func(other SecurityGroup) bool { return other.Name == g.Name })
	s.cc.addGroup(g)
}

// DeleteSecurityGroup deletes the group of that name, if there is one.
func (s *Server) DeleteSecurityGroup(name string) {
	s.cc.mu.Lock()
	defer s.cc.mu.Unlock()
	s.cc.groups = slices.DeleteFunc(s.cc.groups, func(g SecurityGroup) bool { return g.Name == name })
}

func (g SecurityGroup) clone() SecurityGroup {
	g.Rules = slices.Clone(g.Rules)
	g.RunningSpaces, g.StagingSpaces = slices.Clone(g.RunningSpaces), slices.Clone(g.StagingSpaces)
	return g
}

// addGroup wants mu held.
func (c *cloudController) addGroup(g SecurityGroup) SecurityGroup {
	g = g.clone()
	g.GUID, g.created = uuid.NewString(), c.now().UTC()
	g.updated = g.created
	c.groups = append(c.groups, g)
	return g
}

// groupNamed tells whether another group than that of the GUID has the name. It wants
// mu held.
func (c *cloudController) groupNamed(name, guid string) bool {
	return slices.ContainsFunc(c.groups, func(g SecurityGroup) bool { return g.Name == name && g.GUID != guid })
}

// changeGroup changes a group, which the caller sees, and returns it as it is then. The
// refusal, if there is one, leaves it as it was.
func (c *cloudController) changeGroup(guid string, caller Client, change func(*SecurityGroup) *refusal) (SecurityGroup, *refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.groups, func(g SecurityGroup) bool { return g.GUID == guid && caller.seesGroup(g) })
	if i < 0 {
		return SecurityGroup{}, &refusal{404, "Security group not found"}
	}
	changed := c.groups[i].clone()
	if refused := change(&changed); refused != nil {
		return SecurityGroup{}, refused
	}
	changed.updated = c.now().UTC()
	c.groups[i] = changed
	return changed.clone(), nil
}

// absentSpaces are those of the spaces that there aren't. It wants mu held.
func (c *cloudController) absentSpaces(guids []string) []string {
	return slices.DeleteFunc(slices.Clone(guids), func(guid string) bool {
		return slices.ContainsFunc(c.spaces, func(p place) bool { return p.guid == guid })
	})
}

// forgetSpace unbinds a space that is deleted. It wants mu held.
func (c *cloudController) forgetSpace(guid string) {
	for i := range c.groups {
		is := func(space string) bool { return space == guid }
		c.groups[i] = c.groups[i].clone()
		c.groups[i].RunningSpaces = slices.DeleteFunc(c.groups[i].RunningSpaces, is)
		c.groups[i].StagingSpaces = slices.DeleteFunc(c.groups[i].StagingSpaces, is)
	}
}

// seesGroup: who can't read everything sees what is bound to a space of its own.
func (c Client) seesGroup(g SecurityGroup) bool {
	return c.seesAll() || slices.ContainsFunc(slices.Concat(g.RunningSpaces, g.StagingSpaces), c.sees)
}

// quoted is a list of strings as the cloud controller's words have it.
func quoted(list []string) string {
	return `["` + strings.Join(list, `", "`) + `"]`
}

// unknownFields are those keys of an object that aren't known, sorted.
func unknownFields[V any](object map[string]V, known ...string) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for key := range maps.Keys(object) {
			if !slices.Contains(known, key) && !yield(key) {
				return
			}
		}
	})
}
