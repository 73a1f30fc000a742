package watch_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/names"
	"github.com/cf-helm-broker/cf-helm-broker/names/watch"
	"github.com/cf-helm-broker/cf-helm-broker/test/discovery"
)

// board is what was told last of each namespace.
type board struct {
	mu      sync.Mutex
	told    map[string]map[string][]string // namespace → name → addresses
	refused map[string][]error
	times   map[string]int
}

func newBoard() *board {
	return &board{told: map[string]map[string][]string{}, refused: map[string][]error{}, times: map[string]int{}}
}

func (b *board) tell(namespace string, records []names.Record, refused []error) {
	byName := map[string][]string{}
	for _, r := range records {
		for _, name := range r.Names {
			byName[name] = append(byName[name], r.Address.String())
		}
	}
	for _, addresses := range byName {
		slices.Sort(addresses)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told[namespace], b.refused[namespace] = byName, refused
	b.times[namespace]++
}

func (b *board) of(namespace string) (told map[string][]string, refused string, times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.told[namespace]), fmt.Sprint(b.refused[namespace]), b.times[namespace]
}

func mine(namespace string) bool { return strings.HasPrefix(namespace, "mine-") }

func startWatcher(t *testing.T, client kubernetes.Interface) (*watch.Watcher, *board) {
	t.Helper()
	b := newBoard()
	w, err := watch.Start(t.Context(), client, domain, mine, b.tell)
	if err != nil {
		t.Fatal(err)
	}
	return w, b
}

// becomes waits until what is told is what the pods are.
func (p place) becomes(b *board, ready int, services ...string) {
	p.Helper()
	discovery.Await(p.T, time.Minute, fmt.Sprintf("names of %d pods", ready), func() string {
		want := p.expected(services...)
		told, refused, _ := b.of(p.namespace)
		n := 0
		for _, service := range services {
			n += len(want[service+"."+p.namespace+".svc."+domain])
		}
		if n == ready && reflect.DeepEqual(told, want) {
			return ""
		}
		return fmt.Sprintf("told %v, refused %s, want %v", told, refused, want)
	})
}

func (p place) scale(statefulSet string, replicas int) {
	p.Helper()
	scale, err := clients.AppsV1().StatefulSets(p.namespace).GetScale(p.Context(), statefulSet, metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	scale.Spec.Replicas = int32(replicas)
	if _, err := clients.AppsV1().StatefulSets(p.namespace).UpdateScale(p.Context(), statefulSet, scale, metav1.UpdateOptions{}); err != nil {
		p.Fatal(err)
	}
}

// TestFollows pods as they come, go and move.
func TestFollows(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "mine-")
	w, b := startWatcher(t, clients)
	p.service("db", "db", headless)
	p.service("web", "web", nil)
	p.statefulSet("db", 2)
	p.deployment("web", 2, good)
	w.Add(p.namespace)
	p.becomes(b, 4, "db", "web")
	if _, err := local.RestartPod(t.Context(), p.namespace, "db-0"); err != nil {
		t.Fatal(err)
	}
	p.becomes(b, 4, "db", "web")
	p.scale("db", 3)
	p.becomes(b, 5, "db", "web")
	p.scale("db", 0)
	p.becomes(b, 2, "db", "web")
	if err := clients.CoreV1().Services(p.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.becomes(b, 0, "db")
}

// TestNotReady pods have names where their Service says so.
func TestNotReady(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "mine-")
	w, b := startWatcher(t, clients)
	w.Add(p.namespace)
	p.deployment("slow", 1, never)
	p.service("slow", "slow", nil)
	p.service("peers", "slow", impatient)
	discovery.Await(t, time.Minute, "a name of the pod that isn't ready", func() string {
		told, _, _ := b.of(p.namespace)
		if len(told) == 1 && len(told["peers."+p.namespace+".svc."+domain]) == 1 {
			return ""
		}
		return fmt.Sprint(told)
	})
}

// TestAddRemove tells of a namespace from when it is added until it is removed.
func TestAddRemove(t *testing.T) {
	t.Parallel()
	p, other := newPlace(t, "mine-"), newPlace(t, "mine-")
	for _, q := range []place{p, other} {
		q.service("web", "web", nil)
		q.deployment("web", 1, good)
	}
	w, b := startWatcher(t, clients)
	w.Add(p.namespace)
	p.becomes(b, 1, "web")
	if !w.Synced() {
		t.Error("it has told of a namespace without being synced")
	}
	if _, _, times := b.of(other.namespace); times > 0 {
		t.Error("it has told of a namespace that wasn't added")
	}
	w.Add(other.namespace) // long after everything was seen
	other.becomes(b, 1, "web")
	w.Remove(p.namespace)
	discovery.Await(t, time.Minute, "nothing to be left", func() string {
		if told, _, _ := b.of(p.namespace); len(told) > 0 {
			return fmt.Sprint(told)
		}
		return ""
	})
	_, _, times := b.of(p.namespace)
	p.service("again", "web", nil)
	other.service("again", "web", nil)
	discovery.Await(t, time.Minute, "the other namespace's Service", func() string {
		if told, _, _ := b.of(other.namespace); len(told) < 2 {
			return fmt.Sprint(told)
		}
		return ""
	})
	w.Add(p.namespace)
	discovery.Await(t, time.Minute, "it to be told of again", func() string {
		if told, _, _ := b.of(p.namespace); len(told) < 2 {
			return fmt.Sprint(told)
		}
		return ""
	})
	if _, _, now := b.of(p.namespace); now > times+3 {
		t.Errorf("it was told of %d times while it was removed", now-times)
	}
}

// TestAddAll tells of namespaces that there are and of those that come, without
// being told of any, and of no others.
func TestAddAll(t *testing.T) {
	t.Parallel()
	foreign, early := newPlace(t, "foreign-"), newPlace(t, "mine-")
	for _, p := range []place{foreign, early} {
		p.service("web", "web", nil)
		p.deployment("web", 1, good)
	}
	w, b := startWatcher(t, clients)
	w.AddAll()
	early.becomes(b, 1, "web")
	late := newPlace(t, "mine-")
	late.service("web", "web", nil)
	late.deployment("web", 2, good)
	late.becomes(b, 2, "web")
	if err := clients.CoreV1().Services(late.namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	discovery.Await(t, time.Minute, "nothing to be left", func() string {
		if told, _, _ := b.of(late.namespace); len(told) > 0 {
			return fmt.Sprint(told)
		}
		return ""
	})
	if told, refused, times := b.of(foreign.namespace); times > 0 {
		t.Errorf("told %v, %s", told, refused)
	}
	synced, c := startWatcher(t, clients)
	if err := synced.Await(t.Context()); err != nil { // for nothing but everything to be seen
		t.Error(err)
	}
	synced.AddAll()
	early.becomes(c, 1, "web")
}

// TestForeign namespaces are never told of, also when they are added.
func TestForeign(t *testing.T) {
	t.Parallel()
	foreign, p := newPlace(t, "foreign-"), newPlace(t, "mine-")
	for _, q := range []place{foreign, p} {
		q.service("web", "web", nil)
		q.deployment("web", 1, good)
	}
	w, b := startWatcher(t, clients)
	if err := w.Await(t.Context()); err != nil { // for nothing but everything to be seen
		t.Error(err)
	}
	w.Add(foreign.namespace)
	w.Add(p.namespace)
	p.becomes(b, 1, "web")
	if told, refused, _ := b.of(foreign.namespace); len(told) > 0 {
		t.Errorf("told %v, %s", told, refused)
	}
}

// TestHandWritten endpoints lead to this namespace's pods, and to nothing else.
func TestHandWritten(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "mine-")
	w, b := startWatcher(t, clients)
	w.Add(p.namespace)
	p.service("db", "db", headless)
	p.service("leader", "", func(s *corev1.ServiceSpec) { s.Selector = nil })
	p.statefulSet("db", 2)
	p.becomes(b, 2, "db")
	leader := p.pods("db")[1].Status.PodIP
	yes := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "leader-1", Labels: map[string]string{discoveryv1.LabelServiceName: "leader"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{leader}, Conditions: discoveryv1.EndpointConditions{Ready: &yes}}, {Addresses: []string{"10.9.9.9"}}},
	}
	if _, err := clients.DiscoveryV1().EndpointSlices(p.namespace).Create(t.Context(), slice, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	discovery.Await(t, time.Minute, "the leader's name", func() string {
		told, refused, _ := b.of(p.namespace)
		if slices.Equal(told["leader."+p.namespace+".svc."+domain], []string{leader}) && strings.Contains(refused, "1 of the addresses of Service leader aren't those of pods") {
			return ""
		}
		return fmt.Sprint(told, refused)
	})
}

// TestUnsynced says nothing while it may not see everything, and everything once
// it may.
func TestUnsynced(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "mine-")
	p.service("web", "web", nil)
	p.deployment("web", 1, good)
	blind := local.RESTConfig()
	blind.Impersonate.UserName = "nobody-" + p.namespace
	limited, err := kubernetes.NewForConfig(blind)
	if err != nil {
		t.Fatal(err)
	}
	unsynced, none := startWatcher(t, limited)
	unsynced.Add(p.namespace)
	w, b := startWatcher(t, clients)
	w.Add(p.namespace)
	if err := w.Await(t.Context()); err != nil {
		t.Error(err)
	}
	if _, _, times := b.of(p.namespace); times == 0 {
		t.Error("it wasn't told of what was waited for")
	}
	p.becomes(b, 1, "web")
	if _, _, times := none.of(p.namespace); times > 0 || unsynced.Synced() {
		t.Error("it has told of what it can't see")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := unsynced.Await(ended); err == nil || !strings.Contains(err.Error(), "the names of 1 namespaces aren't known yet") {
		t.Errorf("waiting for what can't be seen: %v", err)
	}
	if err := unsynced.Problem(); err == nil || !strings.Contains(err.Error(), "let whoever publishes them list and watch services and, in discovery.k8s.io, endpointslices") {
		t.Errorf("the problem of one that may see nothing is %v", err)
	}
	if err := w.Problem(); err != nil {
		t.Errorf("the problem of one that may see everything is %v", err)
	}
	allow(t, blind.Impersonate.UserName)
	p.becomes(none, 1, "web")
	if err := unsynced.Problem(); err != nil {
		t.Errorf("the problem of one that has been allowed is %v", err)
	}
}

// allow lets a user see everything, until the test has ended.
func allow(t *testing.T, user string) {
	t.Helper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}
	bindings := clients.RbacV1().ClusterRoleBindings()
	if _, err := bindings.Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bindings.Delete(context.Background(), user, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}
