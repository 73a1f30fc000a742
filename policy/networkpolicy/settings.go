package networkpolicy

import (
	"fmt"
	"net/netip"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Settings say how apps are known in the network.
type Settings struct {
	// Broker is whose the objects are, where several brokers share a cluster: the
	// broker's own namespace.
	Broker string
	// Apps are pods of the broker's own cluster, if they have a Label.
	Apps Apps
	// CIDRs are where apps' packets come from, for instances on other clusters than
	// theirs. Whatever else comes from there is let in with each of them.
	CIDRs []string
}

// Apps says which pods are an app's.
type Apps struct {
	// Label is on each of its pods, and has its GUID; empty: apps aren't pods of the
	// broker's cluster.
	Label string
	// Namespace is where they all are; empty: each app is in the namespace of its
	// space, which is named after the space's GUID.
	Namespace string
	// SpaceLabel is on the namespaces of spaces and has their GUID, where apps have no
	// Namespace in common.
	SpaceLabel string
	// Running are what pods have to meet that aren't being staged.
	Running []metav1.LabelSelectorRequirement
	// Egress: what goes out of apps' pods is denied there unless a policy lets it pass,
	// so they have to be let out too. Where nothing denies it, leave it false: a
	// NetworkPolicy for egress denies everything else.
	Egress bool
}

// Platforms are the names of what Preset knows.
const (
	KindDeployment = "kind-deployment"
	Korifi         = "korifi"
)

// Preset is how apps' pods are known on a Cloud Foundry that runs on Kubernetes.
func Preset(platform string) (Apps, error) {
	switch platform {
	case KindDeployment:
		return Apps{
			Label:     "cloudfoundry.org/app-guid",
			Namespace: "cf-workloads",
			Running: []metav1.LabelSelectorRequirement{
				// k8s-garden-client's, from the cloud controller's container_workload: app, task or staging.
				without("cloudfoundry.org/workload-type", "staging"),
				// What k8s-policy-agent goes by.
				without("cloudfoundry.org/source-type", "STG"),
			},
			Egress: true, // by Cilium's cluster-wide policies
		}, nil
	case Korifi:
		// Pods that stage are kpack's and have no such label; nor have those of tasks.
		return Apps{Label: "korifi.cloudfoundry.org/app-guid", SpaceLabel: "korifi.cloudfoundry.org/space-guid"}, nil
	}
	return Apps{}, fmt.Errorf("there is no preset %q; presets are %s and %s", platform, KindDeployment, Korifi)
}

func without(label, value string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: label, Operator: metav1.LabelSelectorOpNotIn, Values: []string{value}}
}

// Validate says what Kubernetes would refuse in each object made by the settings.
func (s Settings) Validate() error {
	for _, cidr := range s.CIDRs {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			return fmt.Errorf("%.70q isn't a CIDR such as 10.255.0.0/16", cidr)
		}
	}
	if s.Apps.Label != "" && s.Apps.Namespace == "" && s.Apps.SpaceLabel == "" {
		return fmt.Errorf("pods with the label %s are apps' in certain namespaces only: name their namespace, or the label of spaces' namespaces", s.Apps.Label)
	}
	return nil
}
