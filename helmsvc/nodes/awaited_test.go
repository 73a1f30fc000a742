package nodes

import (
	"slices"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestAwaited: who is still waited for, by the Leases that there are.
func TestAwaited(t *testing.T) {
	const mark = "1000"
	for name, c := range map[string]struct {
		nodes  []string
		leases map[string]string // what they say, by node
		want   []string
	}{
		"no pod":                       {nil, map[string]string{"a": "1"}, nil},
		"no agent":                     {[]string{"a"}, nil, nil},
		"an agent elsewhere":           {[]string{"a"}, map[string]string{"b": "1"}, nil},
		"not since":                    {[]string{"a"}, map[string]string{"a": "999"}, []string{"a"}},
		"by this mark":                 {[]string{"a"}, map[string]string{"a": "1000"}, nil},
		"by a later mark":              {[]string{"a"}, map[string]string{"a": "1001"}, nil},
		"numbers, not text":            {[]string{"a", "b"}, map[string]string{"a": "99", "b": "10000"}, []string{"a"}},
		"longer than any machine word": {[]string{"a"}, map[string]string{"a": "100000000000000000000000"}, nil},
		"one of three":                 {[]string{"a", "b", "c"}, map[string]string{"a": "1000", "b": "7", "c": "1000"}, []string{"b"}},
		"one without an agent":         {[]string{"a", "b"}, map[string]string{"b": "7"}, []string{"b"}},
		"a Lease that says nothing":    {[]string{"a"}, map[string]string{"a": ""}, []string{"a"}},
		"rubbish":                      {[]string{"a"}, map[string]string{"a": "soon"}, []string{"a"}},
	} {
		leases := map[string]*coordinationv1.Lease{}
		for node, polled := range c.leases {
			leases[node] = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: node, Annotations: map[string]string{podgroup.PolledAnnotation: polled}}}
		}
		if got := awaited(c.nodes, leases, mark); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestOf: nodes count where pods are Ready and on the overlay.
func TestOf(t *testing.T) {
	pod := func(node string, ready corev1.ConditionStatus, change func(*corev1.Pod)) corev1.Pod {
		p := corev1.Pod{Spec: corev1.PodSpec{NodeName: node}, Status: corev1.PodStatus{PodIP: "10.255.7.2", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
		if change != nil {
			change(&p)
		}
		return p
	}
	now := metav1.Now()
	got := of([]corev1.Pod{
		pod("b", corev1.ConditionTrue, nil), pod("a", corev1.ConditionTrue, nil), pod("b", corev1.ConditionTrue, nil),
		pod("unready", corev1.ConditionFalse, nil),
		pod("", corev1.ConditionFalse, func(p *corev1.Pod) { p.Status.PodIP = "" }),
		pod("host", corev1.ConditionTrue, func(p *corev1.Pod) { p.Spec.HostNetwork = true }),
		pod("ending", corev1.ConditionTrue, func(p *corev1.Pod) { p.DeletionTimestamp = &now }),
	})
	if want := []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
