package access

import (
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Networks are what can enforce policies, by the names that records have them under.
type Networks struct {
	// Enforcers are all that can be asked, also to close what they have from before.
	Enforcers map[string]policy.Enforcer
	// Enforce names those that policies are opened on.
	Enforce []string
}

// onNetwork are policies of one network.
type onNetwork struct {
	network  string
	policies []policy.Policy
}

// wants is what is to be opened on the network.
func (n need) wants(network string) []policy.Policy {
	if slices.Contains(n.networks, network) {
		return n.policies
	}
	return nil
}

// opening is what a binding has to open yet: all of it on a network that is new, and
// everywhere if whoever recorded what it opens hasn't concluded that: some of it may have
// been refused.
func opening(b record.Binding, wanted need) (all []onNetwork) {
	concluded := b.UnsettledUntil.IsZero()
	for _, network := range wanted.networks {
		added := wanted.policies
		if concluded {
			added = policy.Without(added, b.PoliciesOn(network))
		}
		if len(added) > 0 {
			all = append(all, onNetwork{network, added})
		}
	}
	return all
}

// closing is what a binding has to close: all of it on a network that isn't wanted any
// more.
func closing(b record.Binding, wanted need) (all []onNetwork) {
	for _, network := range b.On() {
		if over := policy.Without(b.Policies, wanted.wants(network)); len(over) > 0 {
			all = append(all, onNetwork{network, over})
		}
	}
	return all
}

// Notice is what an app's developer has to know of how a binding is enforced; empty for
// most.
func Notice(b record.Binding) string {
	if slices.Contains(b.On(), policy.SecurityGroup) {
		return "opened to all apps of this space; with dynamic security groups running apps get through within about two minutes, elsewhere restart the app"
	}
	return ""
}
