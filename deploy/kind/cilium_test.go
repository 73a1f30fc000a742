package kind_test

import (
	"maps"
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/cf-helm-broker/cf-helm-broker/broker/locate"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
)

// TestCiliumPolicyFits: the optional policy selects instances' namespaces by a label that the
// broker gives them, and closes nothing.
func TestCiliumPolicyFits(t *testing.T) {
	const key, prefix = "app.kubernetes.io/managed-by", "k8s:io.cilium.k8s.namespace.labels."
	var policy struct {
		Spec struct {
			EndpointSelector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"endpointSelector"`
			EnableDefaultDeny map[string]bool `json:"enableDefaultDeny"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(must(os.ReadFile("cilium-kube-apiserver.yaml"))(t), &policy); err != nil {
		t.Fatal(err)
	}
	labels := locate.Namespace(record.Instance{ID: "some"}, "echo", chart.Plan{}).Labels
	if want := map[string]string{prefix + key: labels[key]}; labels[key] == "" || !maps.Equal(policy.Spec.EndpointSelector.MatchLabels, want) {
		t.Errorf("it selects %v, want %v", policy.Spec.EndpointSelector.MatchLabels, want)
	}
	if want := map[string]bool{"ingress": false, "egress": false}; !maps.Equal(policy.Spec.EnableDefaultDeny, want) {
		t.Errorf("enableDefaultDeny is %v, want %v", policy.Spec.EnableDefaultDeny, want)
	}
}
