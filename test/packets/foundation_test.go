package packets

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk"
	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// foundation is what one test works with: a broker process, on the overlay that all
// share.
type foundation struct {
	*rig.Client
	t        *testing.T
	broker   *rig.Broker
	settings map[string]string
	catalog  rig.Catalog
}

// charts are those of test/e2e with two workloads: web on port 8080, db on 5432.
const (
	charts  = "../e2e/charts-access"
	webPort = 8080
	dbPort  = 5432
)

func newFoundation(t *testing.T, settings map[string]string) *foundation {
	t.Helper()
	return newFoundationOf(t, charts, settings, rig.Granted{})
}

// newFoundationOf is newFoundation with other charts, and what an operator of the
// platform grants for them.
func newFoundationOf(t *testing.T, charts string, settings map[string]string, granted rig.Granted) *foundation {
	t.Helper()
	skipWithoutOverlay(t)
	folder, err := filepath.Abs(charts)
	if err != nil {
		t.Fatal(err)
	}
	prefix := "t" + uuid.NewString()[:6]
	client := cf.Client{ID: prefix, Secret: uuid.NewString(), Authorities: []string{"network.admin", "cloud_controller.admin"}}
	stand.AddClient(client)
	f := &foundation{t: t, settings: map[string]string{
		"HELM_CHART_DIR": folder, "BROKER_NAMESPACE": prefix + "-records", "NAMESPACE_PREFIX": prefix,
		"CF_API_ADDRESS": stand.URL(), "CF_CLIENT_ID": client.ID, "CF_CLIENT_SECRET": client.Secret,
		"SYNC_WAIT": "0s", "DELETE_WAIT": "0s", "POLICY_RESYNC": "1s",
		"LEASE_DURATION": "3s", "LEASE_RENEW": "2s", "LEASE_RETRY": "200ms",
		"KUBECONFIG": filepath.Join(t.TempDir(), "broker.kubeconfig"),
	}}
	account, err := rig.Account{Namespace: prefix + "-records", Prefix: prefix, Granted: granted, Nodes: true}.Make(t.Context(), shared.RESTConfig())
	f.must(err)
	t.Cleanup(func() { _ = account.Remove(context.Background()) })
	f.must(account.Kubeconfig(f.settings["KUBECONFIG"]))
	maps.Copy(f.settings, settings)
	f.start()
	f.must(account.AwaitConfined(t.Context()))
	f.catalog, err = f.Catalog(t.Context())
	f.must(err)
	return f
}

// start starts the broker, or starts it again after it has ended.
func (f *foundation) start() {
	f.t.Helper()
	broker, err := rig.Start(f.t.Context(), binary, f.settings, nil)
	f.must(err)
	f.broker, f.Client = broker, broker.Client()
	broker.StopAfter(f.t)
}

// skipWithoutOverlay skips a test. make test says so once more where everybody sees it.
func skipWithoutOverlay(t *testing.T) {
	t.Helper()
	if missing != nil {
		t.Skipf("NO PACKET IS SENT: %v", missing)
	}
}

func (f *foundation) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// want fails the test unless the request was answered with the status.
func (f *foundation) want(status int) func(rig.Answer, error) rig.Answer {
	return rig.Want(f.t, status)
}

// create provisions an instance of the chart and waits until it is ready. Its pods are
// ended with the test.
func (f *foundation) create() rig.Instance {
	f.t.Helper()
	return f.createOf("pair", "both", nil)
}

func (f *foundation) createOf(serviceName, planName string, parameters any) rig.Instance {
	f.t.Helper()
	service, plan, err := f.catalog.Find(serviceName, planName)
	f.must(err)
	i := rig.Instance{ID: uuid.NewString(), Service: service, Plan: plan}
	operation := f.want(202)(f.Provision(f.t.Context(), i, parameters)).Operation()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	o, err := f.Await(ctx, i, operation, nil)
	if err != nil || o.State != "succeeded" {
		f.t.Fatalf("the create ended as %+v, %v\n%s", o, err, f.events(i))
	}
	f.t.Cleanup(func() {
		// Sooner than a delete by the broker, which waits until all are gone.
		_ = kube.CoreV1().Namespaces().Delete(context.Background(), f.namespace(i), metav1.DeleteOptions{})
	})
	return i
}

func (f *foundation) namespace(i rig.Instance) string {
	return i.Namespace(f.settings["NAMESPACE_PREFIX"])
}

func (f *foundation) events(i rig.Instance) string {
	list, err := kube.CoreV1().Events(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	var all []string
	for _, e := range list.Items {
		all = append(all, e.InvolvedObject.Name+" "+e.Reason+" "+e.Message)
	}
	return strings.Join(all, "\n")
}

// bind binds an app and returns the binding's id.
func (f *foundation) bind(i rig.Instance, a app) string {
	f.t.Helper()
	id := uuid.NewString()
	f.want(201)(f.Bind(f.t.Context(), i, id, a.GUID))
	return id
}

func (f *foundation) unbind(i rig.Instance, binding string) {
	f.t.Helper()
	f.want(200)(f.Unbind(f.t.Context(), i, binding))
}

// app is an app of Cloud Foundry with a container on the cell.
type app struct {
	cf.App
	*silk.Workload
}

func (f *foundation) app() app {
	f.t.Helper()
	a := app{App: stand.AddApp(cf.App{})}
	f.t.Cleanup(func() { stand.DeleteApp(a.GUID) })
	var err error
	a.Workload, err = overlay.Node("cell").RunApp(a.GUID, a.GUID)
	f.must(err)
	f.t.Cleanup(func() { f.must(a.Stop()) })
	return a
}

// pod waits until a workload of the instance, web or db, has one pod, and that is Ready.
func (f *foundation) pod(i rig.Instance, workload string) *corev1.Pod {
	f.t.Helper()
	var found *corev1.Pod
	f.eventually("there is a Ready pod of "+workload, func() bool {
		list, err := kube.CoreV1().Pods(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{})
		f.must(err)
		mine := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
			return !strings.HasSuffix(p.Labels["app"], "-"+workload) || p.DeletionTimestamp != nil
		})
		if len(mine) == 1 && readiness.IsReady(&mine[0]) {
			found = &mine[0]
			return true
		}
		return false
	})
	return found
}

// inside is the network namespace that a pod runs in.
func (f *foundation) inside(pod *corev1.Pod) silk.Namespace {
	f.t.Helper()
	n, err := workers[pod.Spec.NodeName].Namespace(pod.UID)
	f.must(err)
	return n
}

// ask is what from gets on a pod's port: what the pod says, silk.Denied or silk.Lost.
func (f *foundation) ask(from silk.Namespace, pod *corev1.Pod, port int) string {
	f.t.Helper()
	said, err := from.Ask(f.t.Context(), address(pod), port)
	f.must(err)
	return said
}

func address(pod *corev1.Pod) netip.Addr { return netip.MustParseAddr(pod.Status.PodIP) }

func (f *foundation) allowed(from silk.Namespace, pod *corev1.Pod, port int) {
	f.t.Helper()
	if said := f.ask(from, pod, port); said != pods.Says(pod) {
		f.t.Fatalf("%s/%s on port %d answers %q, want it to say who it is", pod.Namespace, pod.Name, port, said)
	}
}

func (f *foundation) denied(from silk.Namespace, pod *corev1.Pod, port int) {
	f.t.Helper()
	if said := f.ask(from, pod, port); said != silk.Denied {
		f.t.Fatalf("%s/%s on port %d answers %q, want it denied", pod.Namespace, pod.Name, port, said)
	}
}

// becomes waits until asking is answered as wanted, and returns how long that took.
func (f *foundation) becomes(from silk.Namespace, pod *corev1.Pod, port int, want string) time.Duration {
	f.t.Helper()
	begun := time.Now()
	f.eventually(fmt.Sprintf("port %d of %s answers %s", port, pod.Name, want), func() bool { return f.ask(from, pod, port) == want })
	return time.Since(begun)
}

// cellPolls has the cell's policy agent poll now, so that an app that has never been a
// policy's source is one: what opens from then on is the workers' business.
func (f *foundation) cellPolls() {
	f.t.Helper()
	f.must(overlay.Node("cell").PollNow(f.t.Context()))
}

// eventually fails unless the condition comes true in time.
func (f *foundation) eventually(what string, condition func() bool) {
	f.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for !condition() {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s didn't come true within three minutes", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
