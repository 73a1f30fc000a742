package nodes

import (
	"errors"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// TestAgents: a node that was waited for in vain lags until its agent says that it has
// looked, or is gone.
func TestAgents(t *testing.T) {
	clients := fake.NewClientset()
	leases := clients.CoordinationV1().Leases(podgroup.AgentsNamespace)
	lease := func(node, polled string) *coordinationv1.Lease {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: node, Annotations: map[string]string{podgroup.PolledAnnotation: polled}}}
	}
	n := New(clients)
	var broken error
	look := func(when string, wantThere, wantLagging int) {
		t.Helper()
		there, lagging, err := n.Agents(t.Context())
		if err = errors.Join(err, broken); err != nil || there != wantThere || lagging != wantLagging {
			t.Errorf("%s: %d, of which %d lag, %v; want %d and %d", when, there, lagging, err, wantThere, wantLagging)
		}
	}
	for _, node := range []string{"a", "b", "c"} {
		_, err := leases.Create(t.Context(), lease(node, "7"), metav1.CreateOptions{})
		broken = errors.Join(broken, err)
	}
	look("at first", 3, 0)
	n.lag([]string{"a", "b"}, "9")
	n.lag([]string{"b"}, "10")
	look("waited for in vain", 3, 2)
	for _, node := range []string{"a", "b"} {
		_, err := leases.Update(t.Context(), lease(node, "9"), metav1.UpdateOptions{})
		broken = errors.Join(broken, err)
	}
	look("one has looked, the other not since", 3, 1)
	broken = errors.Join(broken, leases.Delete(t.Context(), "b", metav1.DeleteOptions{}))
	look("the other is gone", 2, 0)
}
