package cf

import (
	"cmp"
	"slices"
)

// Policy lets packets from a source group to a destination group through, on a
// protocol and a range of ports. It marshals as the policy API's version v1.
type Policy struct {
	Source      Source      `json:"source"`
	Destination Destination `json:"destination"`
}

// Source is where packets come from, by the id of its policy group.
type Source struct {
	ID string `json:"id"`
	// Tag is the policy server's to give: a request that holds one is refused.
	Tag string `json:"tag,omitempty"`
}

// Destination is where packets may go.
type Destination struct {
	ID       string `json:"id"`
	Tag      string `json:"tag,omitempty"`
	Protocol string `json:"protocol"`
	Ports    Ports  `json:"ports"`
}

// Ports is a range, both ends included.
type Ports struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// NewPolicy is the policy from one group to another's ports.
func NewPolicy(source, destination, protocol string, start, end int) Policy {
	return Policy{
		Source:      Source{ID: source},
		Destination: Destination{ID: destination, Protocol: protocol, Ports: Ports{Start: start, End: end}},
	}
}

// payload is the body of the API's requests and answers.
type payload struct {
	TotalPolicies int      `json:"total_policies"`
	Policies      []Policy `json:"policies"`
}

func newPayload(policies []Policy) payload {
	if policies == nil {
		policies = []Policy{}
	}
	return payload{TotalPolicies: len(policies), Policies: policies}
}

func comparePolicies(a, b Policy) int {
	return cmp.Or(
		cmp.Compare(a.Source.ID, b.Source.ID),
		cmp.Compare(a.Destination.ID, b.Destination.ID),
		cmp.Compare(a.Destination.Protocol, b.Destination.Protocol),
		cmp.Compare(a.Destination.Ports.Start, b.Destination.Ports.Start),
		cmp.Compare(a.Destination.Ports.End, b.Destination.Ports.End),
	)
}

// ids are the distinct ids of the policies' ends, sorted.
func ids(policies []Policy) []string {
	var all []string
	for _, p := range policies {
		all = append(all, p.Source.ID, p.Destination.ID)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
