package watch

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// TestTrim keeps what leads to names, and knows a change of that from any other.
func TestTrim(t *testing.T) {
	trim := trimmer(func(namespace string) bool { return namespace == "mine" })
	yes, no := true, false
	service := func(change func(*corev1.Service)) any {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "mine", Name: "a"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "x", "part": "y"}}}
		change(s)
		return s
	}
	slice := func(change func(*discoveryv1.EndpointSlice)) any {
		s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "mine", Name: "a", Labels: map[string]string{discoveryv1.LabelServiceName: "a"}}}
		s.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &yes}}}
		change(s)
		return s
	}
	for what, c := range map[string]struct {
		before, now any
		alike       bool
	}{
		"another label":         {service(func(*corev1.Service) {}), service(func(s *corev1.Service) { s.Labels, s.ResourceVersion = map[string]string{"a": "b"}, "9" }), true},
		"another selector":      {service(func(*corev1.Service) {}), service(func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "z"} }), true},
		"no selector":           {service(func(*corev1.Service) {}), service(func(s *corev1.Service) { s.Spec.Selector = nil }), false},
		"not ready ones":        {service(func(*corev1.Service) {}), service(func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true }), false},
		"another type":          {service(func(*corev1.Service) {}), service(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName }), false},
		"another port":          {slice(func(*discoveryv1.EndpointSlice) {}), slice(func(s *discoveryv1.EndpointSlice) { s.Ports, s.ResourceVersion = []discoveryv1.EndpointPort{{}}, "9" }), true},
		"another node":          {slice(func(*discoveryv1.EndpointSlice) {}), slice(func(s *discoveryv1.EndpointSlice) { node := "n"; s.Endpoints[0].NodeName = &node }), false},
		"ready no longer":       {slice(func(*discoveryv1.EndpointSlice) {}), slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Ready = &no }), false},
		"terminating":           {slice(func(*discoveryv1.EndpointSlice) {}), slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Terminating = &yes }), false},
		"another address":       {slice(func(*discoveryv1.EndpointSlice) {}), slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Addresses = []string{"10.0.0.2"} }), false},
		"another Service's":     {slice(func(*discoveryv1.EndpointSlice) {}), slice(func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelServiceName] = "b" }), false},
		"somebody else's":       {service(func(s *corev1.Service) { s.Namespace = "foreign" }), service(func(s *corev1.Service) { s.Namespace, s.Spec.Selector = "foreign", nil }), true},
		"somebody else's slice": {slice(func(s *discoveryv1.EndpointSlice) { s.Namespace = "foreign" }), slice(func(s *discoveryv1.EndpointSlice) { s.Namespace, s.Endpoints = "foreign", nil }), true},
	} {
		before, _ := trim(c.before)
		now, _ := trim(c.now)
		if again, _ := trim(now); !sparse.Alike(again, now) {
			t.Errorf("%s: trimmed twice it is %v, want %v", what, again, now)
		}
		if sparse.Alike(before, now) != c.alike {
			t.Errorf("%s: alike is %t", what, !c.alike)
		}
	}
	foreign, _ := trim(service(func(s *corev1.Service) { s.Namespace = "foreign" }))
	if foreign != cache.ExplicitKey("foreign/a") {
		t.Errorf("of a foreign Service %v is kept", foreign)
	}
}
