package watch_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

const domain = "cluster.local"

// place is a namespace that one test works in.
type place struct {
	*testing.T
	namespace string
}

// newPlace makes a namespace whose name begins with prefix.
func newPlace(t *testing.T, prefix string) place {
	t.Helper()
	made, err := clients.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := clients.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return place{t, made.Name}
}

func labelsOf(name string) map[string]string { return map[string]string{"app": name} }

// service makes a Service that selects a workload's pods.
func (p place) service(name, workload string, change func(*corev1.ServiceSpec)) {
	p.Helper()
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}}
	s.Spec = corev1.ServiceSpec{Selector: labelsOf(workload), Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}}
	if change != nil {
		change(&s.Spec)
	}
	if _, err := clients.CoreV1().Services(p.namespace).Create(p.Context(), s, metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
}

func headless(s *corev1.ServiceSpec) { s.ClusterIP = corev1.ClusterIPNone }
func impatient(s *corev1.ServiceSpec) {
	s.ClusterIP, s.PublishNotReadyAddresses = corev1.ClusterIPNone, true
}

func podsOf(name, image string) corev1.PodTemplateSpec {
	grace := int64(0)
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labelsOf(name)},
		Spec:       corev1.PodSpec{TerminationGracePeriodSeconds: &grace, Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
}

const good = "registry.example.com/app:1"

func (p place) deployment(name string, replicas int32, image string) {
	p.Helper()
	p.deploymentOf(name, replicas, podsOf(name, image))
}

func (p place) deploymentOf(name string, replicas int32, pods corev1.PodTemplateSpec) {
	p.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labelsOf(name)}, Template: pods}}
	if _, err := clients.AppsV1().Deployments(p.namespace).Create(p.Context(), d, metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
}

// statefulSet's pods have hostnames in the Service of its name.
func (p place) statefulSet(name string, replicas int32) {
	p.Helper()
	s := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.StatefulSetSpec{
		Replicas: &replicas, ServiceName: name, PodManagementPolicy: appsv1.ParallelPodManagement,
		Selector: &metav1.LabelSelector{MatchLabels: labelsOf(name)}, Template: podsOf(name, good)}}
	if _, err := clients.AppsV1().StatefulSets(p.namespace).Create(p.Context(), s, metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
}

// pods are a workload's that are Ready and aren't being deleted, by name.
func (p place) pods(workload string) []corev1.Pod {
	p.Helper()
	list, err := clients.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: "app=" + workload})
	if err != nil {
		p.Fatal(err)
	}
	var ready []corev1.Pod
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}) {
			ready = append(ready, pod)
		}
	}
	slices.SortFunc(ready, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return ready
}

// expected is what names ought to lead to, read from the pods themselves.
func (p place) expected(services ...string) map[string][]string {
	p.Helper()
	want := map[string][]string{}
	for _, service := range services {
		name := service + "." + p.namespace + ".svc." + domain
		for _, pod := range p.pods(service) {
			want[name] = append(want[name], pod.Status.PodIP)
			if pod.Spec.Subdomain == service {
				own := pod.Spec.Hostname + "." + name
				want[own] = append(want[own], pod.Status.PodIP)
			}
		}
	}
	for _, addresses := range want {
		slices.Sort(addresses)
	}
	return want
}

// endpoints are the ready addresses that a Service's EndpointSlices have.
func (p place) endpoints(service string) []string {
	p.Helper()
	list, err := clients.DiscoveryV1().EndpointSlices(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
	if err != nil {
		p.Fatal(err)
	}
	var ready []string
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if *e.Conditions.Ready {
				ready = append(ready, e.Addresses...)
			}
		}
	}
	slices.Sort(ready)
	return ready
}

const never = cluster.ImageNeverReady
