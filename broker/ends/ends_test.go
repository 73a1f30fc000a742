package ends

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestPodsOf: a policy group's pods are told by their label where workloads have groups
// of their own and the pods the label, else they are all of the namespace.
func TestPodsOf(t *testing.T) {
	const own, workload = "instances", "workloads"
	labelled := []string{podgroup.Label}
	for name, c := range map[string]struct {
		instance record.Instance
		group    string
		want     string
	}{
		"one group":               {record.Instance{Destination: "instance", PolicyGroup: own}, own, ""},
		"a placeholder's":         {record.Instance{Destination: "app", PolicyGroup: own, GroupLabels: labelled}, own, ""},
		"a workload's":            {record.Instance{Destination: "workload", PolicyGroup: own, GroupLabels: labelled}, workload, podgroup.Label + "=" + workload},
		"the others'":             {record.Instance{Destination: "workload", PolicyGroup: own, GroupLabels: labelled}, own, "!" + podgroup.Label},
		"older than the label":    {record.Instance{Destination: "workload", PolicyGroup: own}, workload, ""},
		"another label than ours": {record.Instance{Destination: "workload", PolicyGroup: own, GroupLabels: []string{"cloudfoundry.org/app-guid"}}, workload, ""},
	} {
		got := ""
		if selector := podsOf(c.instance, c.group); selector != nil {
			got = metav1.FormatLabelSelector(selector)
		}
		if got != c.want {
			t.Errorf("%s: pods are selected by %q, want %q", name, got, c.want)
		}
	}
}
