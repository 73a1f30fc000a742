package helmsvc_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/view"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// observing is an Observer of some namespaces, and what it has told.
type observing struct {
	*view.Observer
	t    *testing.T
	mu   sync.Mutex
	told map[string]int // guarded by mu
	news chan struct{}
}

func (p *place) observe(namespaces ...string) *observing {
	p.t.Helper()
	o := &observing{t: p.t, told: map[string]int{}, news: make(chan struct{}, 1)}
	mine := func(namespace string) bool { return slices.Contains(namespaces, namespace) }
	var err error
	if o.Observer, err = p.Observe(p.t.Context(), mine, o.tell); err != nil {
		p.t.Fatal(err)
	}
	return o
}

func (o *observing) tell(namespace string) {
	o.mu.Lock()
	o.told[namespace]++
	o.mu.Unlock()
	select {
	case o.news <- struct{}{}:
	default:
	}
}

func (o *observing) times(namespace string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.told[namespace]
}

// await looks whenever something is told, and only then.
func (o *observing) await(what string, done func() bool) {
	o.t.Helper()
	late := time.After(time.Minute)
	for !done() {
		select {
		case <-o.news:
		case <-late:
			o.t.Fatalf("%s hasn't come; told: %v", what, o.told)
		}
	}
}

// awaitOffer waits for the namespace to offer this: "<pods>: <ports>".
func (o *observing) awaitOffer(namespace, want string) view.Offer {
	o.t.Helper()
	var offer view.Offer
	o.await(want, func() bool {
		offer = o.Offer(namespace, "g")
		return o.Synced() && brief(offer) == want
	})
	return offer
}

// brief is an offer's number of pods, with their addresses, and ports.
func brief(o view.Offer) string {
	var ports []string
	for _, e := range o.Endpoints {
		ports = append(ports, fmt.Sprintf("%s/%d", e.Name, e.Port))
	}
	slices.Sort(ports)
	return strings.Join(append([]string{fmt.Sprintf("%d pods, %d hosts:", o.Pods, len(o.Hosts))}, slices.Compact(ports)...), " ")
}

func newNamespace(t *testing.T) string {
	t.Helper()
	made, err := clients.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "o-" + uuid.NewString()}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Name
}

// newPod makes a pod, once the namespace takes pods.
func newPod(t *testing.T, namespace string, pod *corev1.Pod) {
	t.Helper()
	no := false
	pod.Spec.AutomountServiceAccountToken = &no
	if len(pod.Spec.Containers) == 0 {
		pod.Spec.Containers = []corev1.Container{{Name: "c", Image: "a/x:1", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}, {Name: "admin", ContainerPort: 9090}}}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	watch, err := clients.CoreV1().ServiceAccounts(namespace).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=default"})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	<-watch.ResultChan()
	if _, err := clients.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func simplePod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}}
}

func newService(t *testing.T, namespace, name string, port corev1.ServicePort) {
	t.Helper()
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{port}}}
	if _, err := clients.CoreV1().Services(namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestObserveUpdate follows an update that changes a port: while both versions
// run, both ports are offered, though the new pod isn't ready.
func TestObserveUpdate(t *testing.T) {
	p := grouped(t)
	o := p.observe(p.ns.Name)
	version := func(image string, port int) string {
		web := workload("web", "", image)
		return strings.Replace(web, "image:", fmt.Sprintf("ports: [{name: http, containerPort: %d}], image:", port), 1)
	}
	serve := "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n"
	if err := p.Install(t.Context(), p.target, plan(false, serve, object("apps/v1", "Deployment", "web", version("a/web:1", 8080))), nil); err != nil {
		t.Fatal(err)
	}
	first := o.awaitOffer(p.ns.Name, "1 pods, 1 hosts: web/8080")
	group := p.target.PolicyGroups
	offer, want := o.Offer(p.ns.Name, group), p.of("Deployment", "web")
	if len(offer.Groups) != 1 || offer.Groups[0] != want || offer.Endpoints[0].PolicyGroup != want {
		t.Errorf("the groups are %v, %+v; want %s", offer.Groups, offer.Endpoints, want)
	}
	view, err := p.View(t.Context(), p.ns.Name)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(view.Endpoints, offer.Endpoints) || !slices.Equal(view.Hosts(), offer.Hosts) {
		t.Errorf("a view has %+v at %v, the offer %+v at %v", view.Endpoints, view.Hosts(), offer.Endpoints, offer.Hosts)
	}
	p.patchImage("web", "fault.local/never-ready/web:2", 8081)
	o.awaitOffer(p.ns.Name, "2 pods, 2 hosts: web/8080 web/8081")
	p.patchImage("web", "a/web:3", 8081)
	last := o.awaitOffer(p.ns.Name, "1 pods, 1 hosts: web/8081")
	if first.Hosts[0] == last.Hosts[0] {
		t.Errorf("the address is %s before and after", first.Hosts[0])
	}
}

func (p *place) patchImage(deployment, image string, port int) {
	p.t.Helper()
	patch := fmt.Sprintf(`[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": %q},
		{"op": "replace", "path": "/spec/template/spec/containers/0/ports/0/containerPort", "value": %d}]`, image, port)
	if _, err := clients.AppsV1().Deployments(p.ns.Name).Patch(p.t.Context(), deployment, types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		p.t.Fatal(err)
	}
}

// TestObserveForged believes no group that a pod names but isn't its own.
func TestObserveForged(t *testing.T) {
	p := grouped(t)
	o := p.observe(p.ns.Name)
	group := p.target.PolicyGroups
	yes := true
	for name, c := range map[string]struct{ kind, owner, named string }{
		"foreign": {"Cluster", "db", uuid.NewString()},
		"other":   {"Cluster", "db", p.of("Deployment", "else")},
		"own":     {"Cluster", "db", p.of("Cluster", "db")},
		"none":    {"Cluster", "db", ""},
	} {
		pod := simplePod(name)
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: c.kind, Name: c.owner, UID: types.UID(uuid.NewString()), Controller: &yes}}
		if c.named != "" {
			pod.Annotations = map[string]string{podgroup.Annotation: c.named}
		}
		newPod(t, p.ns.Name, pod)
	}
	o.await("four pods", func() bool { return o.Offer(p.ns.Name, group).Pods == 4 })
	offer := o.Offer(p.ns.Name, group)
	if want := []string{group, p.of("Cluster", "db")}; !slices.Equal(offer.Groups, slices.Sorted(slices.Values(want))) {
		t.Errorf("the groups are %v, want %v", offer.Groups, want)
	}
	own := 0
	for _, e := range offer.Endpoints {
		switch e.PolicyGroup {
		case "":
		case p.of("Cluster", "db"):
			own++
		default:
			t.Errorf("believed: %+v", e)
		}
	}
	if own != 2 {
		t.Errorf("%d endpoints are in the own group, want 2: %+v", own, offer.Endpoints)
	}
}

// TestObserveChanges follows what comes and goes after a pod.
func TestObserveChanges(t *testing.T) {
	p := newPlace(t)
	o := p.observe(p.ns.Name)
	newPod(t, p.ns.Name, simplePod("db"))
	declared := "1 pods, 1 hosts: admin/9090 web/8080"
	first := o.awaitOffer(p.ns.Name, declared)
	newService(t, p.ns.Name, "db", corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("web")})
	o.awaitOffer(p.ns.Name, "1 pods, 1 hosts: db/8080")
	if err := clients.CoreV1().Services(p.ns.Name).Delete(t.Context(), "db", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	o.awaitOffer(p.ns.Name, declared)
	address, err := local.RestartPod(t.Context(), p.ns.Name, "db")
	if err != nil {
		t.Fatal(err)
	}
	o.await("the new address", func() bool { return slices.Equal(o.Offer(p.ns.Name, "g").Hosts, []string{address}) })
	if slices.Contains(first.Hosts, address) {
		t.Errorf("the address is still %s", address)
	}
	if err := clients.CoreV1().Pods(p.ns.Name).Delete(t.Context(), "db", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	offer := o.awaitOffer(p.ns.Name, "0 pods, 0 hosts:")
	if len(offer.Groups) > 0 {
		t.Errorf("without pods there are the groups %v", offer.Groups)
	}
}

// TestObserveHeartbeat tells nothing that doesn't alter an offer, and of no
// foreign namespace.
func TestObserveHeartbeat(t *testing.T) {
	p := newPlace(t)
	foreign, podFence, serviceFence := newNamespace(t), newNamespace(t), newNamespace(t)
	for _, namespace := range []string{p.ns.Name, foreign} {
		newPod(t, namespace, simplePod("db"))
		newService(t, namespace, "db", corev1.ServicePort{Port: 80})
	}
	p.awaitReady("db")
	o := p.observe(p.ns.Name, podFence, serviceFence)
	o.await("the first news", func() bool { return o.times(p.ns.Name) == 1 })

	core := clients.CoreV1()
	beat := func(namespace, patch string, subresources ...string) {
		t.Helper()
		if _, err := core.Pods(namespace).Patch(t.Context(), "db", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, subresources...); err != nil {
			t.Fatal(err)
		}
	}
	beat(p.ns.Name, `{"status": {"conditions": [{"type": "Ready", "status": "False", "message": "probe failed"}]}}`, "status")
	beat(p.ns.Name, `{"status": {"conditions": [{"type": "Ready", "status": "True", "message": ""}]}}`, "status")
	beat(p.ns.Name, `{"metadata": {"annotations": {"example.com/note": "1"}}}`)
	beat(foreign, `{"metadata": {"labels": {"app": "else"}}}`)
	note := []byte(`{"metadata": {"annotations": {"example.com/note": "1"}}, "spec": {"sessionAffinity": "ClientIP"}}`)
	if _, err := core.Services(p.ns.Name).Patch(t.Context(), "db", types.MergePatchType, note, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	job := simplePod("job")
	yes := true
	job.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "j", UID: types.UID(uuid.NewString()), Controller: &yes, BlockOwnerDeletion: &yes}}
	newPod(t, p.ns.Name, job)

	// What comes after it has been told, so all before it has been.
	newPod(t, podFence, simplePod("fence"))
	newService(t, serviceFence, "fence", corev1.ServicePort{Port: 80})
	o.await("the fences", func() bool { return o.times(podFence) > 0 && o.times(serviceFence) > 0 })
	if n := o.times(p.ns.Name); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
	if n := o.times(foreign); n != 0 {
		t.Errorf("told %d times of a foreign namespace", n)
	}
	beat(p.ns.Name, `{"metadata": {"labels": {"app": "else"}}}`)
	o.awaitOffer(p.ns.Name, "1 pods, 1 hosts: admin/9090 web/8080")
}
