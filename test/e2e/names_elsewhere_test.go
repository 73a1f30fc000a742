package e2e

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestNamesElsewhere: names of a plan's own cluster follow its pods, and so do
// policies, also when the credentials for it have been changed and the first are worth
// nothing any more.
func TestNamesElsewhere(t *testing.T) {
	t.Parallel()
	there := newElsewhere(t)
	t.Run("names follow", func(t *testing.T) { namesElsewhere(t, there) })
}

func namesElsewhere(t *testing.T, there elsewhere) {
	folder := shelf(t, "charts/fixture")
	first, _ := there.account(t, "first")
	offerElsewhere(t, folder, first)
	n := newByName(t, folder)
	i := n.create("fixture", "remote", nil)
	var bound struct{ Endpoints []record.Endpoint }
	app := n.app()
	n.must(n.want(201)(n.Bind(t.Context(), i, uuid.NewString(), app)).Decode(&bound))
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

	more := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "more"}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": tenant.ReleaseName(i.ID)}, Ports: []corev1.ServicePort{{Port: 9090}},
	}}
	_, err = there.kube.CoreV1().Services(n.namespace(i)).Create(t.Context(), more, metav1.CreateOptions{})
	n.must(err)
	n.eventually("the new port is open", func() bool { return slices.Contains(n.cf.Policies(), cf.NewPolicy(app, i.ID, "tcp", 9090, 9090)) })
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
