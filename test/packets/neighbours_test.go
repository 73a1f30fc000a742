package packets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// TestNeighbours: the pods of an instance reach each other, and those of no other.
func TestNeighbours(t *testing.T) {
	f := newFoundation(t, nil)
	one, other := f.create(), f.create()
	web, db, foreign := f.pod(one, "web"), f.pod(one, "db"), f.pod(other, "db")
	f.becomes(f.inside(web), db, dbPort, pods.Says(db))
	f.becomes(f.inside(db), web, webPort, pods.Says(web))
	f.denied(f.inside(web), foreign, dbPort)
	f.denied(f.inside(foreign), db, dbPort)
	// What an app may is no pod's.
	a := f.app()
	f.bind(one, a)
	f.cellPolls()
	f.becomes(a.Namespace, db, dbPort, pods.Says(db))
	f.denied(f.inside(db), foreign, dbPort)
	f.denied(a.Namespace, foreign, dbPort)
}

// TestClaim: a pod that is annotated with an app's GUID, or another instance's, is
// believed by nobody, whatever the cluster's admission lets in.
func TestClaim(t *testing.T) {
	f := newFoundation(t, nil)
	one, other, a := f.create(), f.create(), f.app()
	web := f.pod(one, "web")
	f.bind(one, a)
	f.cellPolls()
	f.becomes(a.Namespace, web, webPort, pods.Says(web))

	f.must(kube.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Delete(t.Context(), "cf-helm-broker-policy-group", metav1.DeleteOptions{}))
	t.Cleanup(func() { f.must(rig.Apply(context.Background(), shared.RESTConfig(), "kubernetes/policy-group.yaml")) })
	for name, claimed := range map[string]string{"an app's": a.GUID, "another instance's": one.ID} {
		var liar *corev1.Pod
		f.eventually("admission lets "+name+" in", func() bool {
			var err error
			liar, err = f.runPod(f.namespace(other), map[string]string{podgroup.Annotation: claimed}, nil)
			return err == nil
		})
		if said := f.ask(f.inside(liar), web, webPort); said != silk.Denied {
			t.Errorf("with %s group a pod is answered %q", name, said)
		}
	}
	plain := f.makeNamespace(nil)
	liar, err := f.runPod(plain, map[string]string{podgroup.Annotation: a.GUID}, nil)
	f.must(err)
	f.denied(f.inside(liar), web, webPort)
}

// makeNamespace makes a namespace that isn't the broker's, with a pod's account.
func (f *foundation) makeNamespace(annotations map[string]string) string {
	f.t.Helper()
	ns, err := kube.CoreV1().Namespaces().Create(f.t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "plain-", Annotations: annotations},
	}, metav1.CreateOptions{})
	f.must(err)
	f.t.Cleanup(func() { _ = kube.CoreV1().Namespaces().Delete(context.Background(), ns.Name, metav1.DeleteOptions{}) })
	f.eventually("the namespace takes pods", func() bool {
		_, err := kube.CoreV1().ServiceAccounts(ns.Name).Get(f.t.Context(), "default", metav1.GetOptions{})
		return err == nil
	})
	return ns.Name
}

// runPod makes a pod and waits until it is Ready. An error is the making's.
func (f *foundation) runPod(namespace string, annotations, labels map[string]string, ports ...corev1.ContainerPort) (*corev1.Pod, error) {
	f.t.Helper()
	pod, err := f.makePod(namespace, "", metav1.ObjectMeta{Annotations: annotations, Labels: labels}, ports...)
	if err != nil {
		return nil, err
	}
	return f.awaitReady(pod), nil
}

// makePod makes a pod of one container, and doesn't wait for it. Without a node it is the
// scheduler's.
func (f *foundation) makePod(namespace, node string, meta metav1.ObjectMeta, ports ...corev1.ContainerPort) (*corev1.Pod, error) {
	meta.GenerateName = "pod-"
	return kube.CoreV1().Pods(namespace).Create(f.t.Context(), &corev1.Pod{
		ObjectMeta: meta,
		Spec: corev1.PodSpec{NodeName: node, AutomountServiceAccountToken: new(bool), Containers: []corev1.Container{{
			Name: "main", Image: "registry.example.com/pod:1", Ports: ports,
		}}},
	}, metav1.CreateOptions{})
}

func (f *foundation) awaitReady(pod *corev1.Pod) *corev1.Pod {
	f.t.Helper()
	f.eventually("pod "+pod.Name+" is Ready", func() bool {
		now, err := kube.CoreV1().Pods(pod.Namespace).Get(f.t.Context(), pod.Name, metav1.GetOptions{})
		f.must(err)
		pod = now
		return readiness.IsReady(now)
	})
	return pod
}

// TestDNS: instances reach the cluster's DNS, and an app that has it among what it is
// bound to. A ClusterIP isn't tried: nobody answers for it here.
func TestDNS(t *testing.T) {
	group := uuid.NewString()
	namespace := (&foundation{t: t}).dnsNamespace(group)
	f := newFoundation(t, map[string]string{"POLICY_DNS_GROUP": group, "SHARED_DESTINATIONS": fmt.Sprintf(
		`[{"name": "dns", "namespace": %q, "selector": {"k8s-app": "kube-dns"}, "group": %q, "ports": ["53/udp", "53/tcp"]}]`, namespace, group)})
	dns, err := f.runPod(namespace, nil, map[string]string{"k8s-app": "kube-dns"},
		corev1.ContainerPort{ContainerPort: 53, Protocol: corev1.ProtocolUDP}, corev1.ContainerPort{ContainerPort: 53})
	f.must(err)
	i, bound, unbound := f.create(), f.app(), f.app()
	web := f.pod(i, "web")
	f.bind(i, bound)
	f.cellPolls()
	f.must(overlay.Node(dns.Spec.NodeName).PollNow(t.Context()))
	for who, test := range map[string]struct {
		from silk.Namespace
		want string
	}{
		"a pod of an instance":   {f.inside(web), pods.Says(dns)},
		"an app that is bound":   {bound.Namespace, pods.Says(dns)},
		"an app that isn't":      {unbound.Namespace, silk.Denied},
		"the cell, for BOSH DNS": {overlay.Node("cell").Namespace, silk.Denied},
	} {
		overTCP := f.ask(test.from, dns, 53)
		overUDP, err := test.from.AskUDP(t.Context(), address(dns), 53)
		f.must(err)
		if overTCP != test.want || overUDP != test.want {
			t.Errorf("%s is answered %q over TCP and %q over UDP, want %q", who, overTCP, overUDP, test.want)
		}
	}
	f.denied(f.inside(dns), web, webPort)
}

// dnsNamespace is made before the broker is started, whose settings name it.
func (f *foundation) dnsNamespace(group string) string {
	f.t.Helper()
	skipWithoutOverlay(f.t)
	return f.makeNamespace(map[string]string{podgroup.Annotation: group})
}

// TestOperator: an operator and the instances that use it reach each other, and no
// others.
func TestOperator(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "widgets"), os.DirFS("../e2e/charts-operator/operators/widgets")); err != nil {
		t.Fatal(err)
	}
	f := newFoundationOf(t, "../e2e/charts-operator/services", map[string]string{"OPERATOR_DIR": folder}, rig.WidgetRights())
	namespace := f.settings["NAMESPACE_PREFIX"] + "-operator-widgets"
	t.Cleanup(func() { _ = kube.CoreV1().Namespaces().Delete(context.Background(), namespace, metav1.DeleteOptions{}) })
	i := f.createOf("widget", "default", nil)
	list, err := kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app"})
	f.must(err)
	if len(list.Items) != 1 {
		t.Fatalf("the operator has %d pods", len(list.Items))
	}
	operator := f.awaitReady(&list.Items[0])
	// What an operator makes for an instance.
	served, err := f.runPod(f.namespace(i), nil, nil, corev1.ContainerPort{ContainerPort: 9000})
	f.must(err)
	f.becomes(f.inside(operator), served, 9000, pods.Says(served))
	foreign, err := f.runPod(f.makeNamespace(map[string]string{podgroup.Annotation: uuid.NewString()}), nil, nil, corev1.ContainerPort{ContainerPort: 9000})
	f.must(err)
	f.denied(f.inside(operator), foreign, 9000)
	f.denied(f.inside(foreign), served, 9000)
}
