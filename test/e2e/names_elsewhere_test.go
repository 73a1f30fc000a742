package e2e

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestNamesElsewhere: names of a plan's own cluster follow its pods, also when the
// credentials for it have been changed and the first are worth nothing any more.
func TestNamesElsewhere(t *testing.T) {
	there := newElsewhere(t)
	folder := shelf(t, "charts/fixture")
	first, _ := there.account(t, "first")
	offerElsewhere(t, folder, first)
	n := newByName(t, folder)
	i := n.create("fixture", "remote", nil)
	var bound struct{ Endpoints []record.Endpoint }
	n.must(n.want(201)(n.Bind(t.Context(), i, uuid.NewString(), n.app())).Decode(&bound))
	name := bound.Endpoints[0].Host
	n.resolvesThere(there, i, name)

	second, _ := there.account(t, "second")
	offerElsewhere(t, folder, second)
	n.reload()
	there.revoke(t, "first")
	n.must(there.StopAPIServer()) // watches that run go on without their token
	n.must(there.StartAPIServer(t.Context()))
	pods, err := there.kube.CoreV1().Pods(n.namespace(i)).List(t.Context(), metav1.ListOptions{})
	n.must(err)
	for _, pod := range pods.Items {
		_, err := there.RestartPod(t.Context(), pod.Namespace, pod.Name) // with another address
		n.must(err)
	}
	n.resolvesThere(there, i, name)
}

// resolvesThere waits until a name leads to just the instance's Ready pods.
func (n *byName) resolvesThere(there elsewhere, i rig.Instance, name string) {
	n.t.Helper()
	n.eventually(name+" leads to the Ready pods", func() bool {
		have, err := n.discovery.Resolve(n.t.Context(), name)
		want := n.addressesThere(there, i)
		return err == nil && len(want) > 0 && slices.Equal(have, want)
	})
}

func (n *byName) addressesThere(there elsewhere, i rig.Instance) (all []netip.Addr) {
	n.t.Helper()
	pods, err := there.kube.CoreV1().Pods(n.namespace(i)).List(n.t.Context(), metav1.ListOptions{})
	n.must(err)
	for _, pod := range pods.Items {
		if readiness.IsReady(&pod) && pod.DeletionTimestamp == nil {
			all = append(all, netip.MustParseAddr(pod.Status.PodIP))
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return all
}
