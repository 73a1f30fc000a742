package main

import (
	"slices"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/ends"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/securitygroup"
)

// newNetworks are all that the broker has access to, enforced now or not: bindings may
// have policies from before on any of them.
func newNetworks(s settings, f fixtures, known *ends.Ends) (access.Networks, error) {
	apps, err := s.apps()
	if err != nil {
		return access.Networks{}, err
	}
	byPolicies, err := networkpolicy.New(s.networkPolicies(apps), f.cluster.Clients(), known)
	if err != nil {
		return access.Networks{}, err
	}
	networks := access.Networks{
		Enforcers: map[string]policy.Enforcer{policy.NetworkPolicy: byPolicies},
		Enforce:   slices.Compact(slices.Sorted(slices.Values(s.Enforce))),
	}
	if f.policies != nil { // a nil client in an interface wouldn't be nil
		networks.Enforcers[policy.C2C] = f.policies
		networks.Enforcers[policy.SecurityGroup] = securitygroup.New(f.policies.API(), known, securitygroup.Settings{
			Staging: s.SecurityGroupStaging, MaxRules: s.SecurityGroupRules,
		})
	}
	return networks, nil
}
