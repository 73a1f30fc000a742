package policy

import (
	"cmp"
	"regexp"
	"slices"
)

// Policy lets the packets of one app, or policy group, pass to another's
// containers: one entry of the external policy API's "policies".
type Policy struct {
	Source      Source      `json:"source"`
	Destination Destination `json:"destination"`
}

// Source is the app whose packets may pass.
type Source struct {
	// ID is an app's GUID.
	ID string `json:"id"`
}

// Destination is what the source may reach.
type Destination struct {
	// ID is the policy group that the destination's containers belong to.
	ID string `json:"id"`
	// Protocol is "tcp" or "udp", in lower case.
	Protocol string `json:"protocol"`
	Ports    Ports  `json:"ports"`
}

// Ports is a range of ports, both ends included.
type Ports struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

var lowerCaseUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ValidID tells whether a policy may name the id as an app or a policy group:
// a lower-case UUID, since Silk puts it unescaped into an iptables comment.
func ValidID(id string) bool { return lowerCaseUUID.MatchString(id) }

// To returns the policy from app to one port of a policy group.
func To(app, group, protocol string, port int) Policy {
	return Policy{
		Source:      Source{ID: app},
		Destination: Destination{ID: group, Protocol: protocol, Ports: Ports{Start: port, End: port}},
	}
}

// Range is To for all ports from first to last.
func Range(source, group, protocol string, first, last int) Policy {
	p := To(source, group, protocol, first)
	p.Destination.Ports.End = last
	return p
}

// Covers tells whether every packet that b lets pass may pass by p.
func (p Policy) Covers(b Policy) bool {
	return p.Source == b.Source && p.Destination.ID == b.Destination.ID && p.Destination.Protocol == b.Destination.Protocol &&
		p.Destination.Ports.Start <= b.Destination.Ports.Start && b.Destination.Ports.End <= p.Destination.Ports.End
}

// Groups are the policy groups that the policies lead to, sorted.
func Groups(policies []Policy) []string {
	var groups []string
	for _, p := range policies {
		groups = append(groups, p.Destination.ID)
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// Set holds policies. The policy server matches protocol and port range
// exactly, and so does this.
type Set map[Policy]struct{}

// SetOf returns the set of the policies.
func SetOf(policies []Policy) Set {
	set := make(Set, len(policies))
	for _, p := range policies {
		set[p] = struct{}{}
	}
	return set
}

// Has tells whether the policy is in the set.
func (s Set) Has(p Policy) bool {
	_, found := s[p]
	return found
}

// Of returns those of the policies that are in the set.
func (s Set) Of(policies []Policy) []Policy {
	return slices.DeleteFunc(slices.Clone(policies), func(p Policy) bool { return !s.Has(p) })
}

// Without returns the policies of have that aren't in drop.
func Without(have, drop []Policy) []Policy {
	return slices.DeleteFunc(slices.Clone(have), SetOf(drop).Has)
}

// Same tells whether both hold the same policies, in whatever order.
func Same(a, b []Policy) bool { return slices.Equal(Unique(a), Unique(b)) }

// Unique sorts the policies and drops repeated ones.
func Unique(policies []Policy) []Policy {
	sorted := slices.Clone(policies)
	slices.SortFunc(sorted, compare)
	return slices.Compact(sorted)
}

func compare(a, b Policy) int {
	return cmp.Or(
		cmp.Compare(a.Source.ID, b.Source.ID),
		cmp.Compare(a.Destination.ID, b.Destination.ID),
		cmp.Compare(a.Destination.Protocol, b.Destination.Protocol),
		cmp.Compare(a.Destination.Ports.Start, b.Destination.Ports.Start),
		cmp.Compare(a.Destination.Ports.End, b.Destination.Ports.End),
	)
}
