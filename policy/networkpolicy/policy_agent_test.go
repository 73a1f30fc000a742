package networkpolicy_test

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/networkpolicy"
)

// agentRule is what k8s-policy-agent v0.3.5 makes of a policy of the policy server, as
// a part of the CiliumNetworkPolicy c2c-<source> in cf-workloads: pods that are let
// out, and endpoints that they are let out to.
type agentRule struct {
	from, to labels.Set
	port     string
	endPort  int
	protocol string
}

func agentRuleOf(p policy.Policy) agentRule {
	const label = "cloudfoundry.org/app-guid"
	return agentRule{
		from: labels.Set{label: p.Source.ID}, to: labels.Set{label: p.Destination.ID},
		port: fmt.Sprint(p.Destination.Ports.Start), endPort: p.Destination.Ports.End, protocol: strings.ToUpper(p.Destination.Protocol),
	}
}

// TestPolicyAgent: with ENFORCE=c2c beside networkpolicy, k8s-policy-agent's own policy
// selects the same app's pods as ours, for the same ports, and names the instance's
// pods where these have the label that is put on them if it is asked for. Cilium looks
// for them in cf-workloads alone, so ours are needed all the same.
func TestPolicyAgent(t *testing.T) {
	s := newScene(t)
	p := policy.Range(s.app, s.group, "udp", 100, 200)
	s.must(s.Create(t.Context(), []policy.Policy{p}))
	agents := agentRuleOf(p)
	apps, err := networkpolicy.Preset(networkpolicy.KindDeployment)
	s.must(err)

	pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "db"}, "spec": map[string]any{}}}
	manifest.Rules{Group: s.group}.Adjust(pod)
	if agents.to.AsSelector().Matches(labels.Set(pod.GetLabels())) {
		t.Error("it names the instance's pods though nobody asked for the label, which widens what Cilium lets them reach")
	}
	manifest.Rules{Group: s.group, GroupLabels: []string{apps.Label}}.Adjust(pod)
	if !agents.to.AsSelector().Matches(labels.Set(pod.GetLabels())) {
		t.Errorf("it names %v, the instance's pods have %v", agents.to, pod.GetLabels())
	}

	running := labels.Set{apps.Label: s.app, "cloudfoundry.org/workload-type": "app"}
	staging := labels.Set{apps.Label: s.app, "cloudfoundry.org/workload-type": "staging"}
	out := s.objects(text(p))[0].Spec
	if len(out.Egress) == 0 {
		out = s.objects(text(p))[1].Spec
	}
	ours, err := metav1.LabelSelectorAsSelector(&out.PodSelector)
	s.must(err)
	if !ours.Matches(running) || !agents.from.AsSelector().Matches(running) {
		t.Errorf("ours let out %v, the agent's %v, and an app's pod has %v", ours, agents.from, running)
	}
	if ours.Matches(staging) {
		t.Error("ours let out an app that is being staged")
	}
	if port := out.Egress[0].Ports[0]; port.Port.String() != agents.port || int(*port.EndPort) != agents.endPort || string(*port.Protocol) != agents.protocol {
		t.Errorf("ours are for %v, the agent's for %+v", port, agents)
	}
}
