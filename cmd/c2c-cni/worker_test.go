package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

const group = "0a1b2c3d-0000-4000-8000-000000000001"

// pod makes a pod on the node, in a namespace of the group.
func (w *worker) pod() *corev1.Pod {
	w.t.Helper()
	ns, err := clients.CoreV1().Namespaces().Create(w.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "worker-", Annotations: map[string]string{podgroup.Annotation: group}, Labels: map[string]string{podgroup.DestinationLabel: "instance"},
	}}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.namespace = ns.Name
	if _, err := clients.CoreV1().ServiceAccounts(ns.Name).Create(w.t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "pods"}}, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	pod, err := clients.CoreV1().Pods(ns.Name).Create(w.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.PodSpec{NodeName: w.node, ServiceAccountName: "pods", AutomountServiceAccountToken: new(bool), Containers: []corev1.Container{{Name: "c", Image: "a/b:1"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return pod
}

// TestWorker goes the way of a node with the manifests as they are: installed, a pod
// is put into its group, the node becomes unsafe and safe again, and all is taken
// away.
func TestWorker(t *testing.T) {
	w := newWorker(t, "")
	w.rules(14)
	w.start()
	w.eventually("the node is found unsafe", func() bool { return strings.Contains(w.agent.Log(), "masqueradeBit: 30") })
	if _, err := os.Stat(filepath.Join(w.conf, "00-c2c-cni.conflist")); err == nil {
		t.Error("an unsafe node has a network configuration")
	}
	w.rules(30)
	w.eventually("the node is ready", func() bool { return w.call("STATUS", nil) == nil })

	pod := w.pod()
	if err := w.call("ADD", pod); err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(filepath.Join(w.dir, "told-ADD"))
	if err != nil || !strings.Contains(string(told), `"policy_group_id":"`+group+`"`) || !strings.Contains(string(told), `"instance_address":"10.0.0.7"`) {
		t.Errorf("the delegate was told %s, %v", told, err)
	}
	if said, err := w.check(); err != nil {
		t.Errorf("check: %v\n%s", err, said)
	}

	w.rules(14)
	w.eventually("the node is unsafe", func() bool { return w.call("STATUS", nil) != nil })
	for command, err := range map[string]error{"STATUS": w.call("STATUS", nil), "ADD": w.call("ADD", pod)} {
		if err == nil || !strings.Contains(err.Error(), "masqueradeBit: 30") {
			t.Errorf("%s on an unsafe node: %v", command, err)
		}
	}
	w.eventually("there is an event of the node", func() bool {
		events, err := clients.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Node,reason=OverlayUnsafe"})
		return err == nil && len(events.Items) > 0 && strings.Contains(events.Items[0].Message, "masqueradeBit: 30")
	})
	if said, err := w.check(); err == nil || !strings.Contains(said, "WRONG node") {
		t.Errorf("check of an unsafe node: %v\n%s", err, said)
	}
	w.stop()
	if err := w.call("ADD", pod); err == nil || !strings.Contains(err.Error(), "the node's agent doesn't run") {
		t.Errorf("without an agent: %v", err)
	}
	if err := w.call("DEL", pod); err != nil {
		t.Errorf("DEL without an agent: %v", err)
	}
	w.uninstalled(t)
}

func (w *worker) uninstalled(t *testing.T) {
	t.Helper()
	w.flags = append(w.flags, "--uninstall")
	w.start()
	if err := w.agent.Wait(); err != nil {
		t.Errorf("uninstalling: %v", err)
	}
	w.stopped = true
	for _, file := range []string{filepath.Join(w.conf, "00-c2c-cni.conflist"), filepath.Join(w.bin, "c2c-cni")} {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is left", file)
		}
	}
	left, err := os.ReadDir(filepath.Join(w.dir, "state"))
	if err != nil && !os.IsNotExist(err) || len(left) > 0 {
		t.Errorf("of networks is left: %v, %v", left, err)
	}
}

// TestFlushed: while a pod runs, whose rules somebody has flushed, the node isn't safe;
// without pods, or when they are made anew, it is.
func TestFlushed(t *testing.T) {
	w := newWorker(t, "")
	w.rulesWith(30, "")
	w.start()
	w.eventually("a node without pods is ready", func() bool { return w.call("STATUS", nil) == nil })
	pod := w.pod()
	w.rules(30)
	w.eventually("the pod starts", func() bool { return w.call("ADD", pod) == nil })
	name := w.namespace + "/web (10.255.7.2)"
	w.rulesWith(30, "")
	w.eventually("the node is unsafe", func() bool {
		err := w.call("STATUS", nil)
		return err != nil && strings.Contains(err.Error(), name)
	})
	w.eventually("there is an event", func() bool {
		events, err := clients.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Node,reason=OverlayUnsafe"})
		return err == nil && slices.ContainsFunc(events.Items, func(e corev1.Event) bool { return strings.Contains(e.Message, name) })
	})
	if said, err := w.check(); err == nil || !strings.Contains(said, name) {
		t.Errorf("check: %v\n%s", err, said)
	}
	if err := w.call("DEL", pod); err != nil {
		t.Errorf("DEL on an unsafe node: %v", err)
	}
	w.eventually("the node is ready again", func() bool { return w.call("STATUS", nil) == nil })
}

// TestGivenNetwork: where kube-controller-manager has given the node a network of its own
// the node isn't safe, and is when it was made anew without.
func TestGivenNetwork(t *testing.T) {
	w := newWorker(t, "")
	w.node = "given-a-network"
	w.flags = append(w.flags, "--node", w.node)
	nodes := clients.CoreV1().Nodes()
	makeNode := func(networks ...string) {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: w.node}, Spec: corev1.NodeSpec{PodCIDRs: networks, Unschedulable: true}}
		if len(networks) > 0 {
			node.Spec.PodCIDR = networks[0]
		}
		if _, err := nodes.Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	deleteNode := func() {
		if err := nodes.Delete(context.Background(), w.node, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	w.start()
	w.eventually("a node that isn't registered yet is ready", func() bool { return w.call("STATUS", nil) == nil })
	makeNode("10.244.3.0/24")
	const words = "kube-controller-manager has --allocate-node-cidrs"
	w.eventually("the node is unsafe", func() bool {
		err := w.call("STATUS", nil)
		return err != nil && strings.Contains(err.Error(), words) && strings.Contains(err.Error(), "10.244.3.0/24")
	})
	w.eventually("there is an event", func() bool {
		events, err := clients.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Node,reason=OverlayUnsafe,involvedObject.name=" + w.node})
		return err == nil && len(events.Items) == 1 && strings.HasPrefix(events.Items[0].Message, words)
	})
	deleteNode()
	makeNode()
	defer deleteNode()
	w.eventually("the node is ready again", func() bool { return w.call("STATUS", nil) == nil })
}

// TestLeft: a network that was left is told of by an event.
func TestLeft(t *testing.T) {
	w := newWorker(t, "")
	w.file("state/n.gone.eth0", `{"id":{"container":"gone","interface":"eth0","network":"n"},"args":"K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0","failed":"2026-11-01T10:00:00Z","given_up":true}`)
	w.file("state/n.lives.eth0", `{"id":{"container":"lives","interface":"eth0","network":"n"},"args":"K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-1","failed":"2026-11-01T10:00:00Z"}`)
	w.file("run/unopened/n.locked.eth0", `{"id":{"container":"locked","interface":"eth0","network":"n"},"args":"K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-2","failed":"2026-11-01T10:00:00Z","given_up":true}`)
	w.start()
	w.eventually("there are events", func() bool {
		events, err := clients.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Node,reason=OverlayLeft"})
		said := func(words string) bool {
			return slices.ContainsFunc(events.Items, func(e corev1.Event) bool { return strings.Contains(e.Message, words) })
		}
		return err == nil && len(events.Items) == 2 && said("pod ns/web-0 (container gone) couldn't be taken down since 2026-11-01T10:00:00Z") &&
			said("pod ns/web-2 (container locked)") && said("that no process locks it")
	})
	w.eventually("pods start all the same", func() bool { return w.call("STATUS", nil) == nil })
}

// TestNotInstalled: an agent that can't install isn't ready, and says why, also by an
// event, until it can.
func TestNotInstalled(t *testing.T) {
	w := newWorker(t, "")
	address := freeAddress(t)
	w.file("full", "a file where a folder has to be")
	w.flags = append(w.flags, "--guard-interval", "200ms", "--listen", address, "--cni-bin-dir", filepath.Join(w.dir, "full", "bin"))
	w.start()
	ready := func() string {
		answer, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return err.Error()
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Error(err)
		}
		return answer.Status + " " + string(text)
	}
	is := func(parts ...string) func() bool {
		return func() bool {
			have := ready()
			return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(have, part) })
		}
	}
	w.eventually("it isn't ready, for a reason", is("503", "the plugin can't be installed", "full: not a directory"))
	w.eventually("there is an event", func() bool {
		events, err := clients.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Node,reason=OverlayNotInstalled"})
		return err == nil && len(events.Items) > 0 && strings.Contains(events.Items[0].Message, "full: not a directory")
	})
	if !strings.Contains(w.agent.Log(), "not-installed") {
		t.Errorf("the log has nothing of it: %s", w.agent.Log())
	}
	if err := os.Remove(filepath.Join(w.dir, "full")); err != nil {
		t.Fatal(err)
	}
	w.eventually("it is ready", is("200"))
}

// TestPollNow: a mark of the broker's has the policy agent poll, well before the 5 s
// of its own polls.
func TestPollNow(t *testing.T) {
	polled := make(chan struct{}, 100)
	policyAgent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { polled <- struct{}{} }))
	defer policyAgent.Close()
	w := newWorker(t, policyAgent.URL+"/force-policy-poll-cycle")
	w.start()
	w.eventually("the node is ready", func() bool { return w.call("STATUS", nil) == nil })
	pod := w.pod()
	w.eventually("the agent knows the pod", func() bool { return w.call("ADD", pod) == nil && w.mark(t) != "" && within(polled, time.Second) })
	for len(polled) > 0 {
		<-polled
	}
	begun := time.Now()
	w.mark(t)
	if !within(polled, 20*time.Second) {
		t.Fatalf("no poll\n%s", w.agent.Log())
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("from the mark to the poll it took %s", took)
	}
}

// TestLease: the node's Lease says that policies were polled after a mark when they
// were, and not before; marks that nobody saw count from the agent's start on. It is gone
// with the agent that is uninstalled.
func TestLease(t *testing.T) {
	begun, goOn := make(chan struct{}, 100), make(chan int, 100)
	policyAgent := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		begun <- struct{}{}
		rw.WriteHeader(<-goOn)
	}))
	defer policyAgent.Close()
	w := newWorker(t, policyAgent.URL)
	w.pod()
	before := w.mark(t)
	w.start()
	<-begun
	goOn <- http.StatusOK
	w.eventually("the mark from before the agent is polled", func() bool { return w.hasPolled(before) })

	mark := w.mark(t)
	<-begun
	goOn <- http.StatusServiceUnavailable // the agent asks again
	<-begun
	if w.hasPolled(mark) {
		t.Error("the Lease says that policies were polled, and the policy agent couldn't")
	}
	goOn <- http.StatusOK
	w.eventually("the mark is polled", func() bool { return w.hasPolled(mark) })
	w.stop()
	hasLease := func() bool {
		_, err := clients.CoordinationV1().Leases(podgroup.AgentsNamespace).Get(t.Context(), w.node, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		return err == nil
	}
	if !hasLease() {
		t.Error("an agent that ends takes its Lease away")
	}
	goOn <- http.StatusOK // of the next start
	asked := w.flags
	w.flags = append(slices.Clone(asked), "--poll-url", "")
	w.start()
	w.eventually("an agent that has no policies polled takes the Lease away", func() bool { return !hasLease() })
	w.stop()
	w.flags = asked
	w.start()
	w.eventually("there is a Lease again", hasLease)
	w.stop()
	w.uninstalled(t)
	if hasLease() {
		t.Error("an agent that was uninstalled has a Lease")
	}
}

// hasPolled tells what the node's Lease says of a mark.
func (w *worker) hasPolled(mark string) bool {
	w.t.Helper()
	lease, err := clients.CoordinationV1().Leases(podgroup.AgentsNamespace).Get(w.t.Context(), w.node, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false
	}
	if err != nil {
		w.t.Fatal(err)
	}
	order, err := resourceversion.CompareResourceVersion(lease.Annotations[podgroup.PolledAnnotation], mark)
	if err != nil {
		w.t.Fatal(err)
	}
	return order >= 0
}

// mark is what the broker does after a bind or unbind. It returns the namespace's
// resourceVersion.
func (w *worker) mark(t *testing.T) string {
	t.Helper()
	patch := `{"metadata":{"annotations":{"` + podgroup.MarkAnnotation + `":"` + time.Now().Format(time.RFC3339Nano) + `"}}}`
	namespace, err := clients.CoreV1().Namespaces().Patch(t.Context(), w.namespace, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return namespace.ResourceVersion
}

func within(what <-chan struct{}, patience time.Duration) bool {
	select {
	case <-what:
		return true
	case <-time.After(patience):
		return false
	}
}

// TestRights: the agent's account may do what the agent does, and no more.
func TestRights(t *testing.T) {
	config := rest.AnonymousClientConfig(local.RESTConfig())
	config.BearerToken = token
	agent, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	_, secrets := agent.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{})
	_, nodes := agent.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	_, changed := agent.CoreV1().Nodes().Patch(t.Context(), "x", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})
	leases := agent.CoordinationV1().Leases(podgroup.AgentsNamespace)
	_, lease := leases.Get(t.Context(), "x", metav1.GetOptions{})
	_, events := agent.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
	_, namespaces := agent.CoreV1().Namespaces().Patch(t.Context(), "default", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})
	for what, err := range map[string]error{
		"lists Secrets": secrets, "lists nodes": nodes, "changes nodes": changed, "lists events": events, "changes namespaces": namespaces,
		"reads Leases": lease, "deletes all Leases": leases.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}),
		"deletes others' Leases": agent.CoordinationV1().Leases("kube-system").Delete(t.Context(), "x", metav1.DeleteOptions{}),
		"deletes pods":           agent.CoreV1().Pods("default").Delete(t.Context(), "x", metav1.DeleteOptions{}),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("the agent %s: %v", what, err)
		}
	}
}

// TestWords: what can't be is told before anything is done.
func TestWords(t *testing.T) {
	for flags, words := range map[string]string{
		"--guard=maybe":                                "refuse, report or off",
		"--guard-interval=0s":                          "above 0",
		"--overlay=10.255.0.0":                         "a network such as",
		"--log-level=loud":                             "--log-level",
		"--poll-url= extra":                            `unknown argument "extra"`,
		"--nats-servers=nats":                          `NATS_SERVERS: "nats" must be host:port`,
		"--nats-servers=nats:4222 --cluster-domain=-":  "--cluster-domain",
		"--nats-servers=nats:4222 --namespace-prefix=": "--namespace-prefix has to be the broker's NAMESPACE_PREFIX",
		"--poll-url= --socket=/x/y":                    "NODE_NAME",
	} {
		t.Setenv("NODE_NAME", "")
		var said strings.Builder
		if status := run(t.Context(), append([]string{"agent"}, strings.Fields(flags)...), &said, &said); status != 1 || !strings.Contains(said.String(), words) {
			t.Errorf("%s: status %d, %s", flags, status, said.String())
		}
	}
}
