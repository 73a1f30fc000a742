package packets

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// replace deletes a workload's pod and returns the next.
func (f *foundation) replace(i rig.Instance, workload string) *corev1.Pod {
	f.t.Helper()
	old := f.pod(i, workload)
	f.must(kube.CoreV1().Pods(old.Namespace).Delete(f.t.Context(), old.Name, metav1.DeleteOptions{}))
	f.eventually("the old pod is gone", func() bool {
		list, err := kube.CoreV1().Pods(old.Namespace).List(f.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + old.Name})
		f.must(err)
		return len(list.Items) == 0 || list.Items[0].UID != old.UID
	})
	return f.pod(i, workload)
}

// TestReplacedPod: access is the group's, so that a pod that comes in the place of
// another is reached from its first moment. Its address is another.
func TestReplacedPod(t *testing.T) {
	f := newFoundation(t, nil)
	i, web, stranger := f.create(), f.app(), f.app()
	before := f.pod(i, "web")
	binding := f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, before, webPort, pods.Says(before))
	after := f.replace(i, "web")
	if before.Status.PodIP == after.Status.PodIP {
		t.Errorf("the new pod has the address %s as well", after.Status.PodIP)
	}
	f.allowed(web.Namespace, after, webPort)
	f.denied(stranger.Namespace, after, webPort)
	f.unbind(i, binding)
	f.becomes(web.Namespace, after, webPort, silk.Denied)
}

// TestCleanup: what CF's policy server deletes every hour is put back, and packets pass
// again without a new bind.
func TestCleanup(t *testing.T) {
	f := newFoundation(t, map[string]string{"POLICY_DESTINATION": "instance"})
	i, web, stranger := f.create(), f.app(), f.app()
	page := f.pod(i, "web")
	f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, pods.Says(page))
	lost, err := stand.Cleanup()
	f.must(err)
	if len(lost) == 0 {
		t.Fatal("the cleanup has deleted nothing")
	}
	f.must(overlay.Node(page.Spec.NodeName).PollNow(t.Context()))
	took := f.becomes(web.Namespace, page, webPort, pods.Says(page))
	t.Logf("new connections failed for %s at most after the cleanup", took)
	f.denied(stranger.Namespace, page, webPort)
}

// TestCleanupOfApps: where policies point to placeholder apps, a cleanup denies nobody.
func TestCleanupOfApps(t *testing.T) {
	f := newFoundation(t, map[string]string{"POLICY_DESTINATION": "app", "CF_ORG": "demo", "CF_SPACE": "dev"})
	i, web := f.create(), f.app()
	page := f.pod(i, "web")
	f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, pods.Says(page))
	lost, err := stand.Cleanup()
	f.must(err)
	for _, p := range lost {
		if p.Source.ID == web.GUID {
			t.Errorf("the cleanup has deleted %+v", p)
		}
	}
	f.must(overlay.Node(page.Spec.NodeName).PollNow(t.Context()))
	f.allowed(web.Namespace, page, webPort)
}

// TestKilledBroker: access lasts while no broker is there, also to pods that come
// meanwhile, and what comes after it closes it.
func TestKilledBroker(t *testing.T) {
	f := newFoundation(t, nil)
	i, web := f.create(), f.app()
	page := f.pod(i, "web")
	binding := f.bind(i, web)
	f.cellPolls()
	f.becomes(web.Namespace, page, webPort, pods.Says(page))
	f.must(f.broker.Kill())
	f.allowed(web.Namespace, page, webPort)
	page = f.replace(i, "web")
	f.allowed(web.Namespace, page, webPort)
	f.start()
	f.allowed(web.Namespace, page, webPort)
	f.unbind(i, binding)
	f.becomes(web.Namespace, page, webPort, silk.Denied)
}

// TestNames: an app that has a name of its credentials resolved for each connection is
// answered by the pod that there is.
func TestNames(t *testing.T) {
	skipWithoutOverlay(t)
	d, err := discovery.Start(discovery.Options{Domains: []string{"cluster.local"}, Interval: time.Second, Staleness: 5 * time.Second, Pruning: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	f := newFoundation(t, d.Settings())
	i, web := f.create(), f.app()
	answer := f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), web.GUID))
	var bound struct {
		Credentials struct {
			Endpoints []struct {
				Host string `json:"host"`
				Port int    `json:"port"`
			} `json:"endpoints"`
		} `json:"credentials"`
	}
	f.must(answer.Decode(&bound))
	if len(bound.Credentials.Endpoints) != 2 {
		t.Fatalf("the credentials lead to %+v, want web and db", bound.Credentials.Endpoints)
	}
	f.cellPolls()
	for _, endpoint := range bound.Credentials.Endpoints {
		workload := map[int]string{webPort: "web", dbPort: "db"}[endpoint.Port]
		for _, pod := range []func() *corev1.Pod{
			func() *corev1.Pod { return f.pod(i, workload) },
			func() *corev1.Pod { return f.replace(i, workload) },
		} {
			want := pods.Says(pod())
			f.eventually(endpoint.Host+" is answered by the pod that there is", func() bool {
				return f.askName(d, web.Namespace, endpoint.Host, endpoint.Port) == want
			})
		}
	}
}

// askName resolves a name as BOSH DNS does and asks the first address.
func (f *foundation) askName(d *discovery.Server, from silk.Namespace, name string, port int) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 5*time.Second)
	defer cancel()
	addresses, err := d.Resolve(ctx, name)
	if err != nil || len(addresses) == 0 {
		return ""
	}
	said, err := from.Ask(ctx, addresses[0], port)
	f.must(err)
	return said
}
