package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// PolicyLimitError says that a binding would open more policies than it may.
type PolicyLimitError struct {
	// Of is what has the limit, such as "a binding".
	Of           string
	Wanted, Most int
	// Policies are those of the binding.
	Policies []policy.Policy
}

// namedPorts is how many ports an error names.
const namedPorts = 10

func (e *PolicyLimitError) Error() string {
	var ports []string
	for _, p := range e.Policies[:min(len(e.Policies), namedPorts)] {
		ports = append(ports, portsOf(p))
	}
	more := ""
	if rest := len(e.Policies) - len(ports); rest > 0 {
		more = fmt.Sprintf(" and %d more", rest)
	}
	return fmt.Sprintf("%s may have %d policies and would have %d: this one opens the ports %s%s, of which those in a row count as one; "+
		"have the operator let the plan's `ports` name those that apps need, or raise the limit", e.Of, e.Most, e.Wanted, strings.Join(ports, ", "), more)
}

func portsOf(p policy.Policy) string {
	at := p.Destination
	if at.Ports.Start == at.Ports.End {
		return fmt.Sprintf("%d/%s", at.Ports.Start, at.Protocol)
	}
	return fmt.Sprintf("%d-%d/%s", at.Ports.Start, at.Ports.End, at.Protocol)
}

// policyLimit returns a PolicyLimitError if the binding and the instance's
// others would open more policies than they may.
func (a *Access) policyLimit(b record.Binding, plan chart.Plan, wanted []policy.Policy) error {
	own := len(wanted)
	if most := cmp.Or(plan.PoliciesPerBinding, a.settings.PoliciesPerBinding); most > 0 && own > most {
		return &PolicyLimitError{Of: "a binding", Wanted: own, Most: most, Policies: wanted}
	}
	most := a.settings.PoliciesPerInstance
	if most == 0 {
		return nil
	}
	all := own
	for _, other := range a.records.BindingsOf(b.InstanceID) {
		if other.ID != b.ID && other.ID != record.OwnAccess {
			all += len(other.Policies)
		}
	}
	if all > most {
		return &PolicyLimitError{Of: "all bindings of a service instance", Wanted: all, Most: most, Policies: wanted}
	}
	return nil
}

// held is what a live binding has to open where it would need more policies
// than it may: what is open and still wanted stays, and of what isn't only
// shared services are opened, which are few.
func (n need) held(open []policy.Policy) need {
	kept := slices.DeleteFunc(slices.Clone(open), func(p policy.Policy) bool { return len(uncovered([]policy.Policy{p}, n.policies)) > 0 })
	shared := slices.DeleteFunc(slices.Clone(n.policies), func(p policy.Policy) bool { return !slices.Contains(n.shared, p.Destination.ID) })
	return need{policies: policy.Unique(slices.Concat(kept, uncovered(shared, kept))), shared: n.shared, networks: n.networks}
}
