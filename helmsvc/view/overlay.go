package view

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// overlaid returns the Services as apps on the overlay reach them: a Service's
// addresses, of every kind, are those of a Ready pod of that Service, and its
// ports the ones that the pod listens on. A ClusterIP never works across the
// overlay, and this way templates that were written for load balancers yield
// credentials that do. A Service without a Ready pod stays as it is.
func overlaid(services []corev1.Service, pods []corev1.Pod) []corev1.Service {
	var seen []corev1.Service
	for _, service := range services {
		s := *service.DeepCopy()
		if pod := readyPodOf(s, pods); pod != nil {
			putOn(&s, pod)
		}
		seen = append(seen, s)
	}
	return seen
}

// readyPodOf is the Service's first Ready pod, if there is one; rather one that
// policies can open.
func readyPodOf(service corev1.Service, pods []corev1.Pod) *corev1.Pod {
	var first *corev1.Pod
	for i := range pods {
		pod := &pods[i]
		if !readiness.Serves(pod) || !readiness.IsReady(pod) || !selects(service, pod) {
			continue
		}
		if isIPv4(AddressOf(pod)) {
			return pod
		}
		first = cmp.Or(first, pod)
	}
	return first
}

// selects tells whether the pod is one of the Service's.
func selects(service corev1.Service, pod *corev1.Pod) bool {
	selector := service.Spec.Selector
	return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels))
}

func putOn(s *corev1.Service, pod *corev1.Pod) {
	address := AddressOf(pod)
	s.Spec.ClusterIP, s.Spec.ClusterIPs = address, []string{address}
	s.Spec.ExternalIPs = []string{address}
	// Templates read either field.
	s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address, Hostname: address}}
	exposed := restoreType(s)
	for i := range s.Spec.Ports {
		port := &s.Spec.Ports[i]
		port.Port = cmp.Or(targetPort(*port, pod), port.Port)
		port.TargetPort = intstr.FromInt32(port.Port)
		if port.NodePort != 0 || exposed {
			port.NodePort = port.Port // it belongs to a node's address
		}
	}
}

// restoreType gives a Service that isn't exposed the type that its chart gave
// it, and tells whether it has done so.
func restoreType(s *corev1.Service) bool {
	declared := s.Annotations[manifest.TypeAnnotation]
	if declared == "" || s.Spec.Type != corev1.ServiceTypeClusterIP {
		return false
	}
	s.Spec.Type = corev1.ServiceType(declared)
	return true
}
