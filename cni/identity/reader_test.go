package identity_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/cni/identity"
	"github.com/cf-helm-broker/cf-helm-broker/cni/nodepods"
	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

var (
	local   *cluster.Cluster
	clients kubernetes.Interface
)

func TestMain(m *testing.M) {
	os.Exit(cluster.Share(m, cluster.Options{Nodes: 2}, func(c *cluster.Cluster) (err error) {
		local = c
		clients, err = kubernetes.NewForConfig(c.RESTConfig())
		return err
	}))
}

const (
	instance = "0a1b2c3d-0000-4000-8000-000000000001"
	space    = "0a1b2c3d-0000-4000-8000-000000000002"
	victim   = "0a1b2c3d-0000-4000-8000-000000000003"
)

// place is a namespace of an instance, and a reader of the node that its pods are on.
type place struct {
	t         *testing.T
	namespace string
	node      string
	marked    chan string
	pods      *nodepods.Watch
	reader    *identity.Reader
}

func newPlace(t *testing.T, mode, group string) *place {
	t.Helper()
	ns, err := clients.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "identity-", Annotations: map[string]string{podgroup.Annotation: group},
		Labels: map[string]string{podgroup.DestinationLabel: mode, podgroup.SpaceLabel: space},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "pods"}} // the default one takes a moment
	if _, err := clients.CoreV1().ServiceAccounts(ns.Name).Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// No kubelet has the node: the simulated ones delete pods by their names, also another
	// of that name which has been made since.
	p := &place{t: t, namespace: ns.Name, node: "node-of-" + ns.Name, marked: make(chan string, 8)}
	client := metadataOf(t, local.RESTConfig())
	if p.pods, err = nodepods.New(client, p.node, func(namespace, _ string) { p.marked <- namespace }); err != nil {
		t.Fatal(err)
	}
	p.reader = &identity.Reader{Client: client, Node: p.node, Pods: p.pods}
	return p
}

func metadataOf(t *testing.T, config *rest.Config) metadata.Interface {
	t.Helper()
	client, err := metadata.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// watch has the node's pods watched.
func (p *place) watch() {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.pods.Run(ctx) }()
	p.t.Cleanup(func() { cancel(); <-done })
	if !cache.WaitForCacheSync(ctx.Done(), p.pods.Synced) {
		p.t.Fatal("the node's pods weren't seen")
	}
}

// pod makes a pod on a node that says it is in a group.
func (p *place) pod(name, node, says string) socket.Pod {
	p.t.Helper()
	made, err := clients.CoreV1().Pods(p.namespace).Create(p.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{podgroup.Annotation: says}},
		Spec:       corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "a/b:1"}}, ServiceAccountName: "pods", AutomountServiceAccountToken: new(bool)},
	}, metav1.CreateOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return socket.Pod{Namespace: p.namespace, Name: name, UID: string(made.UID)}
}

// awaitSeen waits until the watch has seen the pod.
func (p *place) awaitSeen(pod socket.Pod) {
	p.t.Helper()
	until := time.Now().Add(2 * time.Minute)
	for p.pods.Pod(pod.Namespace, pod.Name) == nil {
		if time.Now().After(until) {
			p.t.Fatalf("pod %s wasn't seen", pod.Name)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestBelongs: the namespace says, whether the pod is known from the watch or not.
func TestBelongs(t *testing.T) {
	p := newPlace(t, podgroup.ByWorkload, instance)
	own := podgroup.OfWorkload(instance, "Pod", "own")
	for _, watched := range []bool{false, true} {
		if watched {
			p.watch()
		}
		for name, c := range map[string]struct{ says, want string }{"plain": {"", instance}, "thief": {victim, instance}, "own": {own, own}} {
			pod := p.pod(name, p.node, c.says)
			if watched {
				p.awaitSeen(pod)
			}
			got, err := p.reader.Belongs(t.Context(), pod)
			if err != nil || got != (podgroup.Membership{Group: c.want, Space: space}) {
				t.Errorf("%s, watched %t: %+v, %v; want %s", name, watched, got, err, c.want)
			}
			p.remove(pod)
		}
	}
}

func (p *place) remove(pod socket.Pod) {
	p.t.Helper()
	now := int64(0)
	if err := clients.CoreV1().Pods(p.namespace).Delete(p.t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		p.t.Fatal(err)
	}
}

// TestRefused: of a pod that isn't the one that is meant, or not here, nothing is
// told, and the words say why.
func TestRefused(t *testing.T) {
	p := newPlace(t, "instance", "not-a-uuid")
	p.watch()
	first := p.pod("web", p.node, "")
	if _, err := p.reader.Belongs(t.Context(), first); err == nil || !strings.Contains(err.Error(), "a policy group is a UUID") {
		t.Errorf("an annotation that is no UUID: %v", err)
	}
	p.remove(first)
	second := p.pod("web", p.node, "")
	if _, err := p.reader.Belongs(t.Context(), first); err == nil || !strings.Contains(err.Error(), "is another one by now") {
		t.Errorf("the one before: %v", err)
	}
	p.remove(second)
	if _, err := p.reader.Belongs(t.Context(), socket.Pod{Namespace: p.namespace, Name: "never", UID: "x"}); err == nil || !strings.Contains(err.Error(), "isn't on node") {
		t.Errorf("one that there never was: %v", err)
	}
	elsewhere := p.pod("elsewhere", "another-"+p.node, "")
	if _, err := p.reader.Belongs(t.Context(), elsewhere); err == nil || !strings.Contains(err.Error(), "isn't on node "+p.node) {
		t.Errorf("another node's: %v", err)
	}
	away := rest.CopyConfig(local.RESTConfig())
	away.Host = "https://127.0.0.1:1"
	p.reader.Client = metadataOf(t, away)
	if _, err := p.reader.Belongs(t.Context(), elsewhere); err == nil || !strings.Contains(err.Error(), "Kubernetes can't be asked") {
		t.Errorf("without the API: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.reader.Belongs(ended, elsewhere); !errors.Is(err, context.Canceled) {
		t.Errorf("after the plugin has gone: %v", err)
	}
}

// TestMarked: a mark on a namespace that the node has pods of is told, and no other
// change, and no other namespace's.
func TestMarked(t *testing.T) {
	p, empty := newPlace(t, "instance", instance), newPlace(t, "instance", instance)
	p.watch()
	p.awaitSeen(p.pod("web", p.node, ""))
	for _, c := range []struct{ namespace, key, value string }{
		{empty.namespace, podgroup.MarkAnnotation, "1"}, {p.namespace, "other", "1"}, {p.namespace, podgroup.MarkAnnotation, "1"}, {p.namespace, podgroup.MarkAnnotation, "2"},
	} {
		ns, err := clients.CoreV1().Namespaces().Get(t.Context(), c.namespace, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ns.Annotations[c.key] = c.value
		if _, err := clients.CoreV1().Namespaces().Update(t.Context(), ns, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if c.namespace != p.namespace || c.key != podgroup.MarkAnnotation {
			continue
		}
		select {
		case got := <-p.marked:
			if got != p.namespace {
				t.Errorf("told of %s", got)
			}
		case <-time.After(2 * time.Minute):
			t.Fatal("the mark wasn't told of")
		}
	}
	if len(p.marked) > 0 {
		t.Errorf("told of %s, too", <-p.marked)
	}
}
