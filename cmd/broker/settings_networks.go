package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// NetworkSettings are those of the settings that say what lets apps reach pods. Its
// name is exported because env doesn't fill in an embedded struct otherwise.
type NetworkSettings struct {
	Enforce              []string `env:"ENFORCE" help:"what lets apps reach the pods that they are bound to, one or more of c2c (Silk), networkpolicy (apps are pods of a cluster), securitygroup (pods are routable from cells); default: c2c where CF_API_ADDRESS is set, else nothing"`
	AppPods              string   `env:"APP_PODS" help:"networkpolicy: how apps' pods are known on the broker's cluster: kind-deployment, korifi; empty: as APP_LABEL and the others say"`
	AppLabel             string   `env:"APP_LABEL" help:"networkpolicy: the label of apps' pods that holds their GUID; empty: as APP_PODS has it, or apps aren't pods of the cluster"`
	AppNamespace         string   `env:"APP_NAMESPACE" help:"networkpolicy: the namespace of all apps' pods"`
	AppSpaceLabel        string   `env:"APP_SPACE_LABEL" help:"networkpolicy: the label of spaces' namespaces that holds their GUID, where each space has one"`
	AppEgress            string   `env:"APP_EGRESS" help:"networkpolicy: true where apps' pods reach nothing without a NetworkPolicy that lets them out; false where they do: one would cut them off from all else; empty: as APP_PODS has it"`
	AppCIDRs             []string `env:"APP_CIDRS" help:"networkpolicy: CIDRs that apps' packets come from, for instances on other clusters than theirs"`
	PodGroupLabel        string   `env:"POD_GROUP_LABEL" help:"a label that the pods of new instances get, with their policy group as value, such as cloudfoundry.org/app-guid; empty: none"`
	SecurityGroupStaging bool     `env:"SECURITY_GROUP_STAGING" envDefault:"false" help:"securitygroup: let apps reach instances while they are being staged, too"`
	SecurityGroupRules   int      `env:"SECURITY_GROUP_MAX_RULES" envDefault:"1000" help:"securitygroup: how many rules a security group may hold"`
}

// usualNetworks are those that access is enforced on unless settings say.
func (s settings) usualNetworks() []string {
	if s.CFAPIAddress == "" {
		return nil
	}
	return []string{policy.C2C}
}

// on tells whether access is enforced on the network.
func (s NetworkSettings) on(network string) bool { return slices.Contains(s.Enforce, network) }

// apps are how apps' pods are known: the preset, with what is set beside it.
func (s NetworkSettings) apps() (networkpolicy.Apps, error) {
	var apps networkpolicy.Apps
	if s.AppPods != "" {
		preset, err := networkpolicy.Preset(s.AppPods)
		if err != nil {
			return apps, fmt.Errorf("APP_PODS: %w", err)
		}
		apps = preset
	}
	apps.Label, apps.Namespace = cmp.Or(s.AppLabel, apps.Label), cmp.Or(s.AppNamespace, apps.Namespace)
	apps.SpaceLabel = cmp.Or(s.AppSpaceLabel, apps.SpaceLabel)
	switch s.AppEgress {
	case "":
	case "true", "false":
		apps.Egress = s.AppEgress == "true"
	default:
		return apps, fmt.Errorf("APP_EGRESS must be true, false or empty, and is %q", s.AppEgress)
	}
	return apps, nil
}

// groupLabels are the labels of new instances' pods that hold their policy group.
func (s settings) groupLabels() (labels []string) {
	if s.on(policy.NetworkPolicy) && s.PolicyDestination == string(locate.ToWorkload) {
		labels = append(labels, podgroup.Label)
	}
	if s.PodGroupLabel != "" {
		labels = append(labels, s.PodGroupLabel)
	}
	return labels
}

func (s settings) checkNetworks() error {
	var wrong []error
	known := []string{policy.C2C, policy.NetworkPolicy, policy.SecurityGroup}
	for _, network := range s.Enforce {
		if !slices.Contains(known, network) {
			wrong = append(wrong, fmt.Errorf("ENFORCE: %q isn't one of %s", network, strings.Join(known, ", ")))
		}
		if (network == policy.C2C || network == policy.SecurityGroup) && s.CFAPIAddress == "" {
			wrong = append(wrong, fmt.Errorf("ENFORCE %s needs CF_API_ADDRESS", network))
		}
	}
	apps, err := s.apps()
	if err != nil {
		wrong = append(wrong, err)
	}
	if s.on(policy.NetworkPolicy) && apps.Label == "" && len(s.AppCIDRs) == 0 {
		wrong = append(wrong, errors.New("ENFORCE networkpolicy needs to know apps' packets: set APP_PODS or APP_LABEL where apps are pods of the cluster, or APP_CIDRS where they aren't"))
	}
	if err := s.networkPolicies(apps).Validate(); err != nil {
		wrong = append(wrong, err)
	}
	if len(s.NetworkTo) > 0 && len(s.NetworkFrom) == 0 && !s.on(policy.NetworkPolicy) {
		wrong = append(wrong, errors.New("NETWORK_POLICY_TO needs NETWORK_POLICY_FROM or ENFORCE networkpolicy, without which there is no NetworkPolicy"))
	}
	if s.PodGroupLabel != "" && len(validation.IsQualifiedName(s.PodGroupLabel)) > 0 {
		wrong = append(wrong, fmt.Errorf("POD_GROUP_LABEL: %q isn't a label's name such as cloudfoundry.org/app-guid", s.PodGroupLabel))
	}
	if s.SecurityGroupRules < 1 {
		wrong = append(wrong, errors.New("SECURITY_GROUP_MAX_RULES must be at least 1"))
	}
	return errors.Join(wrong...)
}

func (s settings) networkPolicies(apps networkpolicy.Apps) networkpolicy.Settings {
	return networkpolicy.Settings{Broker: s.BrokerNamespace, Apps: apps, CIDRs: s.AppCIDRs}
}
