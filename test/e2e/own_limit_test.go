package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// limitedTo8 is what is said of two workloads and the instance where 8 are allowed.
const limitedTo8 = "the pods of 3 policy groups, the instance's own and one for each of its workloads, would need 18 policies or more to reach each other, and POLICIES_PER_INSTANCE allows 8; "

// amongWorkloads are the policies of an instance's own whose workloads have groups.
func amongWorkloads(i rig.Instance) (own []cf.Policy) {
	groups := []string{i.ID, workloadGroup(i, "Deployment", "web"), workloadGroup(i, "StatefulSet", "db")}
	for _, from := range groups {
		for _, to := range groups {
			own = append(own, all(from, to)...)
		}
	}
	return own
}

// TestTooManyWorkloads: where each workload has a group, one more than there can be
// policies for isn't made, neither by a create nor by an update, which leaves what is
// there.
func TestTooManyWorkloads(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_DESTINATION": "workload", "POLICY_WITHIN_INSTANCE": "true", "POLICIES_PER_INSTANCE": "18", "POLICY_RESYNC": "200ms"})
	const words = "the pods of 4 policy groups, the instance's own and one for each of its workloads, would need 32 policies or more to reach each other, and POLICIES_PER_INSTANCE allows 18; "
	refused := f.instance("pair", "both")
	o := f.ended(refused, f.want(202)(f.Provision(t.Context(), refused, map[string]any{"workers": 1})).Operation())
	if o.State != "failed" || !strings.Contains(o.Description, words) || !strings.Contains(o.Description, "POLICY_WITHIN_INSTANCE=false") {
		t.Errorf("the create ended as %q: %s", o.State, o.Description)
	}
	events, err := kube.CoreV1().Events(f.namespace(refused)).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Pod"})
	f.must(err)
	if len(f.pods(refused)) > 0 || len(events.Items) > 0 {
		t.Error("a pod was made")
	}
	f.delete(refused)

	i := f.create("pair", "both", nil)
	f.eventually("the workloads reach each other", func() bool { return f.samePolicies(amongWorkloads(i)) })
	before := names(f.pods(i))
	o = f.ended(i, f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"workers": 1}})).Operation())
	if o.State != "failed" || !strings.Contains(o.Description, words) || !strings.Contains(o.Description, "the service instance is as it was before") {
		t.Errorf("the update ended as %q: %s", o.State, o.Description)
	}
	if after := names(f.pods(i)); after != before {
		t.Errorf("there are the pods %s, want %s as before", after, before)
	}
	f.wantPolicies(amongWorkloads(i)...)
	f.update(i, map[string]any{"parameters": map[string]any{"webPort": 8081}}) // needs no more than there is
	f.delete(i)
	f.wantPolicies()
}

func names(pods []corev1.Pod) string {
	var all []string
	for _, pod := range pods {
		all = append(all, pod.Name)
	}
	return strings.Join(all, " ")
}

// TestWorkloadsBeyondTheLimit: of an instance that has more workloads than its policies
// may be, as settings are now, nothing more is opened, which is logged; and what is
// open stays when there may be fewer.
func TestWorkloadsBeyondTheLimit(t *testing.T) {
	f := newFoundation(t, accessCharts, map[string]string{"POLICY_DESTINATION": "workload", "POLICY_WITHIN_INSTANCE": "false", "POLICIES_PER_INSTANCE": "8", "POLICY_RESYNC": "200ms"})
	i := f.create("pair", "both", nil)
	f.wantPolicies()
	f.restart(map[string]string{"POLICY_WITHIN_INSTANCE": "true"})
	f.eventually("it is logged that they are too many", func() bool {
		return strings.Contains(f.broker.Log(), "policies-limited") && strings.Contains(f.broker.Log(), limitedTo8)
	})
	for _, p := range f.cf.Policies() {
		if p.Source.ID != i.ID || p.Destination.ID != i.ID {
			t.Errorf("open is %+v, want the instance's own group at most", p)
		}
	}
	f.restart(map[string]string{"POLICIES_PER_INSTANCE": "18"})
	f.eventually("the workloads reach each other", func() bool { return f.samePolicies(amongWorkloads(i)) })
	f.restart(map[string]string{"POLICIES_PER_INSTANCE": "8"})
	f.update(i, map[string]any{"parameters": map[string]any{"webPort": 8081}})
	f.wantPolicies(amongWorkloads(i)...)
	f.delete(i)
	f.wantPolicies()
}
