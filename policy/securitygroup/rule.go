package securitygroup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// A rule says in its description which app and policy group it is there for. With its
// protocol and ports that is the whole policy.

const made = "cf-helm-broker: "

func description(p policy.Policy) string {
	return made + "app " + p.Source.ID + " to " + p.Destination.ID
}

// rulesOf are those that make the policy true.
func rulesOf(p policy.Policy, destinations []string) []*resource.SecurityGroupRule {
	var rules []*resource.SecurityGroupRule
	for _, to := range destinations {
		words, ports := description(p), portsText(p.Destination.Ports)
		rules = append(rules, &resource.SecurityGroupRule{Protocol: p.Destination.Protocol, Destination: to, Ports: &ports, Description: &words})
	}
	return rules
}

// policyOf is the policy that a rule of the group is there for; false for a rule that
// the broker hasn't made.
func policyOf(r *resource.SecurityGroupRule, group string) (policy.Policy, bool) {
	if r.Description == nil || r.Ports == nil {
		return policy.Policy{}, false
	}
	app, to, found := strings.Cut(strings.TrimPrefix(*r.Description, made+"app "), " to ")
	ports, valid := portsIn(*r.Ports)
	p := policy.Range(app, group, r.Protocol, ports.Start, ports.End)
	return p, found && valid && to == group && *r.Description == description(p) && p.Validate() == nil
}

// portsText is a range as the cloud controller takes it: its ends must differ.
func portsText(ports policy.Ports) string {
	if ports.Start == ports.End {
		return strconv.Itoa(ports.Start)
	}
	return fmt.Sprintf("%d-%d", ports.Start, ports.End)
}

func portsIn(text string) (policy.Ports, bool) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	start, err := strconv.Atoi(first)
	end, endErr := strconv.Atoi(last)
	return policy.Ports{Start: start, End: end}, err == nil && endErr == nil
}

// sameDestinations tells whether rules of one policy lead to these.
func sameDestinations(rules []*resource.SecurityGroupRule, destinations []string) bool {
	has := make([]string, len(rules))
	for i, r := range rules {
		has[i] = r.Destination
	}
	slices.Sort(has)
	return slices.Equal(has, slices.Sorted(slices.Values(destinations)))
}
