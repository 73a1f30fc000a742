package view

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
)

// TestObserveKeeps shows how little is kept: of others' objects their names, of an
// instance's own what its Offer is made of.
func TestObserveKeeps(t *testing.T) {
	clients := fake.NewClientset()
	for _, namespace := range []string{"own", "foreign"} {
		p := pod()
		p.Name, p.Namespace, p.ManagedFields, p.Spec.NodeName = "db", namespace, []metav1.ManagedFieldsEntry{{}}, "node"
		p.Spec.Containers = []corev1.Container{{Name: "c", Image: "example/db:1"}}
		s := service("db", corev1.ServicePort{Port: 80})
		s.Namespace, s.ManagedFields, s.Spec.ClusterIP = namespace, p.ManagedFields, "10.0.0.1"
		for _, err := range []error{clients.Tracker().Add(&p), clients.Tracker().Add(&s)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	told := make(chan string, 1)
	o, err := (&Reader{clients: clients}).Observe(t.Context(), func(namespace string) bool { return namespace == "own" }, func(namespace string) { told <- namespace })
	if err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != "own" {
		t.Errorf("told of %s", got)
	}
	kept := func(informer cache.SharedIndexInformer, namespace string) any {
		object, _, err := informer.GetStore().GetByKey(namespace + "/db")
		if err != nil {
			t.Error(err)
		}
		return object
	}
	for what, informer := range map[string]cache.SharedIndexInformer{"pod": o.pods, "Service": o.services} {
		if got := fmt.Sprintf("%T", kept(informer, "foreign")); got != "cache.ExplicitKey" {
			t.Errorf("of a foreign %s there is a %s", what, got)
		}
	}
	own, ok := kept(o.pods, "own").(*corev1.Pod)
	if !ok || own.ManagedFields != nil || own.Spec.NodeName != "" || own.Spec.Containers[0].Image != "" || own.Status.Conditions != nil {
		t.Errorf("of the own pod there is %+v", own)
	}
	service, ok := kept(o.services, "own").(*corev1.Service)
	if !ok || service.ManagedFields != nil || service.Spec.ClusterIP != "" {
		t.Errorf("of the own Service there is %+v", service)
	}
}
