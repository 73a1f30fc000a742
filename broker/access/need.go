package access

import (
	"cmp"
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// need is what a live binding has to open now.
type need struct {
	policies []policy.Policy
	// shared are those destinations of the policies that bindings of other
	// instances open as well.
	shared []string
	// networks are those to open them on.
	networks []string
}

// metBy tells whether the binding is recorded as just that.
func (n need) metBy(b record.Binding) bool {
	return policy.Same(b.Policies, n.policies) && slices.Equal(distinct(b.SharedGroups), distinct(n.shared)) &&
		(len(n.policies) == 0 || slices.Equal(distinct(b.On()), distinct(n.networks)))
}

// ownNeed is that of an instance's own access, whose pods are in these groups and
// which uses these operators. What pods that come and go were given stays, as long as
// settings want it, and operators and DNS are theirs as well.
func (a *Access) ownNeed(b record.Binding, groups, operators []string) need {
	foreign := slices.Concat(b.SharedGroups, operators)
	var kept []policy.Policy
	present := slices.Clone(groups)
	for _, p := range b.Policies {
		ends := []string{p.Source.ID, p.Destination.ID}
		if !slices.Contains(foreign, ends[0]) && !slices.Contains(foreign, ends[1]) && slices.Contains(a.ownPolicies(ends), p) {
			kept, present = append(kept, p), append(present, p.Source.ID)
		}
	}
	return need{
		policies: policy.Unique(slices.Concat(kept, a.ownPolicies(groups), a.dnsPolicies(distinct(present)), operatorPolicies(distinct(present), operators))),
		shared:   operators,
		networks: a.networks.Enforce,
	}
}

// pods is what is known of an instance's.
type pods struct {
	group     string // the instance's policy group
	former    []string
	endpoints []view.Endpoint
	// all: the endpoints are all that there will be, after an update. Otherwise
	// more may be back soon.
	all bool
}

// bindingNeed is that of an app's binding: access to the instance's pods, and
// to shared services.
func bindingNeed(b record.Binding, to pods, shared []policy.Policy) need {
	offered := policy.Merged(policiesTo(b.AppGUID, to.group, to.endpoints))
	for _, group := range to.former {
		offered = policy.Unique(slices.Concat(offered, policy.Merged(policiesTo(b.AppGUID, group, to.endpoints))))
	}
	var kept []policy.Policy
	for _, p := range b.Policies {
		if !to.all && (p.Destination.ID == to.group || !slices.Contains(b.SharedGroups, p.Destination.ID)) {
			kept = append(kept, p)
		}
	}
	return need{policies: slices.Concat(kept, uncovered(offered, kept), shared), shared: policy.Groups(shared)}
}

// sharedNeed is what a binding has to open to shared services: the broker's,
// and those of its plan as the catalog has it now. Of a plan that isn't offered
// any more, kept is what the instance was made from: what the binding opens to
// its destinations stays, and nothing is added.
func (a *Access) sharedNeed(b record.Binding, i record.Instance, kept chart.Plan) []policy.Policy {
	destinations, offered := a.SharedServices(i, kept)
	wanted := policy.Merged(sharedPolicies(b.AppGUID, destinations))
	if offered {
		return wanted
	}
	anyway := sharedPolicies(b.AppGUID, a.settings.Shared)
	return slices.DeleteFunc(wanted, func(p policy.Policy) bool {
		return len(uncovered([]policy.Policy{p}, slices.Concat(anyway, b.Policies))) > 0
	})
}

// policiesTo returns what an app needs to reach the endpoints. group is that of
// the instance, which pods without one of their own belong to.
func policiesTo(app, group string, endpoints []view.Endpoint) []policy.Policy {
	var policies []policy.Policy
	for _, endpoint := range endpoints {
		policies = append(policies, policy.To(app, cmp.Or(endpoint.PolicyGroup, group), endpoint.Protocol, int(endpoint.Port)))
	}
	return policy.Unique(policies)
}

// uncovered are the wanted policies that none of the others makes needless.
func uncovered(wanted, others []policy.Policy) []policy.Policy {
	return slices.DeleteFunc(slices.Clone(wanted), func(w policy.Policy) bool {
		return slices.ContainsFunc(others, func(o policy.Policy) bool { return o.Covers(w) })
	})
}
