package packets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/silk/pods"
)

// kubeProxy is what kube-proxy in iptables mode puts before all other rules, by
// default.
const kubeProxy = "*filter\n:KUBE-FORWARD - [0:0]\n-I FORWARD 1 -j KUBE-FORWARD\n-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\nCOMMIT\n"

const withoutKubeProxy = "*filter\n-D FORWARD -j KUBE-FORWARD\n-F KUBE-FORWARD\n-X KUBE-FORWARD\nCOMMIT\n"

// startPod makes a pod on a node and doesn't wait for it.
func (f *foundation) startPod(namespace, node string) *corev1.Pod {
	f.t.Helper()
	pod, err := f.makePod(namespace, node, metav1.ObjectMeta{}, corev1.ContainerPort{ContainerPort: webPort})
	f.must(err)
	return pod
}

// says waits until an event of the pod holds the words.
func (f *foundation) says(pod *corev1.Pod, words string) {
	f.t.Helper()
	var all string
	defer func() {
		if f.t.Failed() {
			f.t.Log(all)
		}
	}()
	f.eventually("an event of the pod says "+words, func() bool {
		list, err := kube.CoreV1().Events(pod.Namespace).List(f.t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.uid=" + string(pod.UID)})
		f.must(err)
		all = ""
		for _, e := range list.Items {
			all += e.Message + "\n"
		}
		return strings.Contains(all, words)
	})
}

// TestUnsafeNode: beside kube-proxy's mark no pod is started, and its events say what
// to set. Without it the pod starts by itself.
func TestUnsafeNode(t *testing.T) {
	f := newFoundation(t, nil)
	node := overlay.Node(workerNames[0])
	f.must(node.AddRules(kubeProxy))
	t.Cleanup(func() { _ = node.AddRules(withoutKubeProxy) }) // they may be gone
	f.eventually("the agent has seen it", func() bool { return strings.Contains(workers[node.Name].AgentLog(), "masqueradeBit: 30") })
	pod := f.startPod(f.makeNamespace(nil), node.Name)
	f.says(pod, "masqueradeBit: 30")
	f.must(node.AddRules(withoutKubeProxy))
	pod = f.awaitReady(pod)
	f.allowed(node.Namespace, pod, webPort)
}

// TestFlushedNode: once somebody has flushed iptables a pod that runs is open to all, and
// no other is started until it has gone.
func TestFlushedNode(t *testing.T) {
	f := newFoundation(t, nil)
	node, stranger := overlay.Node(workerNames[0]), f.app()
	namespace := f.makeNamespace(nil)
	open := f.awaitReady(f.startPod(namespace, node.Name))
	f.denied(stranger.Namespace, open, webPort)
	f.must(node.Flush())
	restart := sync.OnceFunc(func() { f.must(node.RestartPolicyAgent()) })
	t.Cleanup(restart)
	f.allowed(stranger.Namespace, open, webPort)
	f.eventually("the agent has seen it", func() bool {
		return strings.Contains(workers[node.Name].AgentLog(), "nothing rejects packets to pods that run here")
	})
	waiting := f.startPod(namespace, node.Name)
	f.says(waiting, fmt.Sprintf("rejects what is for %s/%s (%s)", namespace, open.Name, address(open)))
	restart()
	f.must(kube.CoreV1().Pods(namespace).Delete(t.Context(), open.Name, metav1.DeleteOptions{}))
	waiting = f.awaitReady(waiting)
	f.denied(stranger.Namespace, waiting, webPort)
}

// TestWithoutAgent: a pod waits for the agent, says so, and is in its group then. One
// that is deleted meanwhile is gone without it.
func TestWithoutAgent(t *testing.T) {
	f := newFoundation(t, nil)
	i, a := f.create(), f.app()
	f.bind(i, a)
	f.cellPolls()
	w := workers[workerNames[1]]
	running := f.startPod(f.namespace(i), workerNames[1])
	running = f.awaitReady(running)
	w.KillAgent()
	t.Cleanup(func() { f.must(w.StartAgent()) })
	waiting, doomed := f.startPod(f.namespace(i), workerNames[1]), f.startPod(f.namespace(i), workerNames[1])
	f.says(waiting, "the node's agent doesn't run")
	for _, pod := range []*corev1.Pod{running, doomed} {
		f.must(kube.CoreV1().Pods(pod.Namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}))
		f.eventually("pod "+pod.Name+" is gone", func() bool {
			_, err := kube.CoreV1().Pods(pod.Namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
			return err != nil
		})
	}
	f.must(w.StartAgent())
	waiting = f.awaitReady(waiting)
	f.becomes(a.Namespace, waiting, webPort, pods.Says(waiting))
}

// left is all that there is on a worker of the networks of pods; "": nothing.
func (f *foundation) left(name string) string {
	f.t.Helper()
	node := overlay.Node(name)
	rules, err := node.Rules()
	f.must(err)
	var chains []string
	for line := range strings.SplitSeq(rules, "\n") {
		if strings.Contains(line, "overlay--") {
			chains = append(chains, line)
		}
	}
	links, err := node.Links()
	f.must(err)
	containers, err := node.Containers()
	f.must(err)
	begun, err := workers[name].Left()
	f.must(err)
	namespaces, err := filepath.Glob("/run/netns/" + string(node.Namespace) + ".*")
	f.must(err)
	all := slices.Concat(chains, begun, namespaces, workers[name].Names())
	for _, c := range containers {
		all = append(all, c.ID)
	}
	for line := range strings.SplitSeq(links, "\n") {
		if strings.Contains(line, ": s-") {
			all = append(all, line)
		}
	}
	return strings.Join(all, "\n")
}

// nothingLeft waits until all that pods had on a node is gone.
func (f *foundation) nothingLeft(node string) {
	f.t.Helper()
	var left string
	defer func() {
		if f.t.Failed() {
			f.t.Logf("left on %s:\n%s", node, left)
		}
	}()
	f.eventually("nothing is left on "+node, func() bool {
		left = f.left(node)
		return left == ""
	})
}

// TestRestarts starts and ends pods, a hundred at last, and leaves nothing of them.
func TestRestarts(t *testing.T) {
	f := newFoundation(t, nil)
	namespace := f.makeNamespace(nil)
	node := workerNames[0]
	begun := time.Now()
	for range 10 {
		var all []*corev1.Pod
		for range 10 {
			all = append(all, f.startPod(namespace, node))
		}
		// Half of them are deleted while their networks are being made.
		for n, pod := range all {
			if n%2 == 0 {
				f.awaitReady(pod)
			}
			f.must(kube.CoreV1().Pods(namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}))
		}
	}
	f.nothingLeft(node)
	t.Logf("100 pods took %s", time.Since(begun))
}
