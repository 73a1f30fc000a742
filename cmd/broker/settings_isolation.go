package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// IsolationSettings are those of the settings that keep one instance apart from
// the next. Its name is exported because env doesn't fill in an embedded struct
// otherwise.
type IsolationSettings struct {
	Parameters  string   `env:"PARAMETERS" envDefault:"listed" help:"what developers may set in a plan that has no allowed_parameters: listed (nothing), any (whatever the chart has a value for, images too, as with Kibosh: for developers whom you trust)"`
	Impersonate bool     `env:"IMPERSONATE_INSTANCES" envDefault:"true" help:"Helm acts as a ServiceAccount of the instance's namespace; false: as the broker, which then needs the rights to make all that charts contain"`
	GrantKinds  bool     `env:"GRANT_OPERATOR_KINDS" envDefault:"false" help:"instances may make objects of all kinds that operators of OPERATOR_DIR define, also where an operator's chart has no ClusterRole that says so"`
	PodSecurity string   `env:"POD_SECURITY" envDefault:"baseline" help:"Pod Security Standard of instances whose plan names none: privileged, baseline or restricted; empty: as the cluster has it"`
	NetworkFrom []string `env:"NETWORK_POLICY_FROM" help:"CIDRs that apps' packets come from, such as 10.255.0.0/16: instances get a NetworkPolicy that admits these and their own namespace; empty: none, as Silk keeps them apart"`
	NetworkTo   []string `env:"NETWORK_POLICY_TO" help:"CIDRs that instances with a NetworkPolicy may reach besides their own namespace and DNS"`
}

// What a plan without allowed_parameters takes: PARAMETERS.
const (
	listedParameters = "listed"
	anyParameters    = "any"
)

func (s IsolationSettings) check() error {
	var wrong []error
	if s.Parameters != listedParameters && s.Parameters != anyParameters {
		wrong = append(wrong, errors.New("PARAMETERS must be listed or any"))
	}
	if s.PodSecurity != "" && !slices.Contains(chart.PodSecurityStandards(), s.PodSecurity) {
		wrong = append(wrong, fmt.Errorf("POD_SECURITY must be one of %s, or empty", strings.Join(chart.PodSecurityStandards(), ", ")))
	}
	for name, cidrs := range map[string][]string{"NETWORK_POLICY_FROM": s.NetworkFrom, "NETWORK_POLICY_TO": s.NetworkTo} {
		for _, cidr := range cidrs {
			if _, err := netip.ParsePrefix(cidr); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %q isn't a CIDR such as 10.255.0.0/16", name, cidr))
			}
		}
	}
	return errors.Join(wrong...)
}
