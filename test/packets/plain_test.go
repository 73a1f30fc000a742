package packets

import (
	"context"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/enforcer"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// plain is a foundation whose apps are pods, on nodes where kube-network-policies
// enforces NetworkPolicies.
type plain struct {
	*foundation
	workers map[string]*enforcer.Worker
}

// appsNamespace is where apps' pods are by the preset kind-deployment, and guidLabel
// says whose they are.
const (
	appsNamespace = "cf-workloads"
	guidLabel     = "cloudfoundry.org/app-guid"
)

func newPlain(t *testing.T) *plain {
	t.Helper()
	skipWithoutOverlay(t)
	if missing := enforcer.Missing(); missing != nil {
		t.Skipf("NO NETWORKPOLICY IS ENFORCED: %v", missing)
	}
	program, err := enforcer.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return newPlainOf(t, program)
}

// newPlainOf is newPlain with the enforcer's program; "": nobody enforces anything.
func newPlainOf(t *testing.T, program string) *plain {
	t.Helper()
	skipWithoutOverlay(t)
	rights, err := rig.NetworkPolicyRights()
	if err != nil {
		t.Fatal(err)
	}
	f := &plain{workers: map[string]*enforcer.Worker{}}
	f.foundation = newFoundationOf(t, charts, map[string]string{"ENFORCE": "networkpolicy", "APP_PODS": "kind-deployment"}, rights)
	f.startWorkers(program)
	f.makeAppsNamespace()
	return f
}

// startWorkers has pods run on plain nodes only, until the test ends.
func (f *plain) startWorkers(program string) {
	f.t.Helper()
	names := []string{"plain-1", "plain-2"}
	network, err := silk.Start(f.t.Context(), silk.Options{Nodes: names, Plain: true})
	f.must(err)
	f.t.Cleanup(func() { f.must(network.Close()) })
	for _, name := range workerNames {
		f.must(unschedulable(f.t.Context(), name, true))
		f.t.Cleanup(func() { f.must(unschedulable(context.Background(), name, false)) })
	}
	for _, name := range names {
		w, err := enforcer.Start(f.t.Context(), enforcer.Options{
			Node: network.Node(name), Config: shared.RESTConfig(), Program: program, PluginFolder: network.PluginFolder(),
			Programs: map[string]string{brokerImage: binary},
		})
		f.must(err)
		f.workers[name] = w
		f.t.Cleanup(func() {
			if f.t.Failed() {
				f.t.Logf("the log of kube-network-policies on %s:\n%s", name, w.EnforcerLog())
			}
			f.must(w.Close())
			f.must(kube.CoreV1().Nodes().Delete(context.Background(), name, metav1.DeleteOptions{}))
		})
	}
}

// makeAppsNamespace makes it with an egress default-deny: on kind-deployment that is
// Cilium's, cluster-wide.
func (f *plain) makeAppsNamespace() {
	f.t.Helper()
	_, err := kube.CoreV1().Namespaces().Create(f.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: appsNamespace}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		f.must(err)
	}
	deny := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "egress-"},
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}},
	}
	deny, err = kube.NetworkingV1().NetworkPolicies(appsNamespace).Create(f.t.Context(), deny, metav1.CreateOptions{})
	f.must(err)
	f.t.Cleanup(func() {
		_ = kube.NetworkingV1().NetworkPolicies(appsNamespace).Delete(context.Background(), deny.Name, metav1.DeleteOptions{})
	})
	f.eventually("the apps' namespace takes pods", func() bool {
		_, err := kube.CoreV1().ServiceAccounts(appsNamespace).Get(f.t.Context(), "default", metav1.GetOptions{})
		return err == nil
	})
}

// podApp is an app of Cloud Foundry with a pod, labelled as kind-deployment does.
func (f *plain) podApp() (app, *corev1.Pod) {
	f.t.Helper()
	a := app{App: stand.AddApp(cf.App{})}
	f.t.Cleanup(func() { stand.DeleteApp(a.GUID) })
	return a, f.podOf(appsNamespace, a, "app")
}

// podOf starts a pod that has an app's labels.
func (f *plain) podOf(namespace string, a app, workload string) *corev1.Pod {
	f.t.Helper()
	pod, err := f.runPod(namespace, nil, map[string]string{guidLabel: a.GUID, "cloudfoundry.org/workload-type": workload},
		corev1.ContainerPort{ContainerPort: webPort})
	f.must(err)
	f.t.Cleanup(func() {
		_ = kube.CoreV1().Pods(namespace).Delete(context.Background(), pod.Name, metav1.DeleteOptions{})
	})
	return pod
}

// sideDoor is a port that pods listen on and don't declare.
const sideDoor = 9000

func (f *plain) openSideDoor(pod *corev1.Pod) {
	f.t.Helper()
	door, err := f.within(pod).Serve(sideDoor, pods.Says(pod))
	f.must(err)
	f.t.Cleanup(func() { _ = door.Close() })
}

// way is from a pod to a port of another.
type way struct {
	from, to *corev1.Pod
	port     int
}

func (f *plain) within(pod *corev1.Pod) silk.Namespace {
	f.t.Helper()
	n, err := f.workers[pod.Spec.NodeName].Namespace(pod.UID)
	f.must(err)
	return n
}

// opens waits until whoever asks is answered, and closes until nobody is any more: what
// isn't let pass is lost here, and not rejected.
func (f *plain) opens(w way) {
	f.t.Helper()
	f.becomes(f.within(w.from), w.to, w.port, pods.Says(w.to))
}

func (f *plain) closes(w way) {
	f.t.Helper()
	f.becomes(f.within(w.from), w.to, w.port, silk.Lost)
}

// shut fails the test unless packets are lost on each of the ways. A port that nobody
// listens on would reject them.
func (f *plain) shut(ways map[string]way) {
	f.t.Helper()
	var all sync.WaitGroup
	for what, w := range ways {
		from := f.within(w.from)
		all.Go(func() {
			said, err := from.Ask(f.t.Context(), address(w.to), w.port)
			if err != nil || said != silk.Lost {
				f.t.Errorf("%s is answered %q, %v; want its packets lost", what, said, err)
			}
		})
	}
	all.Wait()
	if f.t.Failed() {
		f.t.FailNow()
	}
}
