package view

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// trimmer returns what makes objects small before they are kept: a pod or a
// Service that offers nothing, or that is in a foreign namespace, becomes its
// key, and any other what its Offer is made of. What is trimmed stays as it is.
func trimmer(mine func(namespace string) bool) cache.TransformFunc {
	return sparse.Transform(func(object any) metav1.Object {
		switch o := object.(type) {
		case *corev1.Pod:
			if mine(o.Namespace) && readiness.Serves(o) {
				return trimPod(o)
			}
		case *corev1.Service:
			if mine(o.Namespace) && len(o.Spec.Selector) > 0 {
				return trimService(o)
			}
		}
		return nil
	})
}

// trimPod keeps what serves, podgroup.Own and endpoints look at, and of several
// addresses the one that is handed out. Whether the pod is
// Ready isn't among it.
func trimPod(pod *corev1.Pod) *corev1.Pod {
	kept := &corev1.Pod{ObjectMeta: sparse.Meta(pod), Status: corev1.PodStatus{PodIP: AddressOf(pod)}}
	kept.GenerateName, kept.Labels = pod.GenerateName, pod.Labels
	if group := pod.Annotations[podgroup.Annotation]; group != "" {
		kept.Annotations = map[string]string{podgroup.Annotation: group}
	}
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil {
		kept.OwnerReferences = []metav1.OwnerReference{{Kind: owner.Kind, Name: owner.Name, Controller: owner.Controller}}
	}
	for _, c := range pod.Spec.Containers {
		var container corev1.Container
		for _, p := range c.Ports {
			container.Ports = append(container.Ports, corev1.ContainerPort{Name: p.Name, ContainerPort: p.ContainerPort, Protocol: p.Protocol})
		}
		kept.Spec.Containers = append(kept.Spec.Containers, container)
	}
	return kept
}

func trimService(service *corev1.Service) *corev1.Service {
	kept := &corev1.Service{ObjectMeta: sparse.Meta(service), Spec: corev1.ServiceSpec{Selector: service.Spec.Selector}}
	for _, p := range service.Spec.Ports {
		kept.Spec.Ports = append(kept.Spec.Ports, corev1.ServicePort{Name: p.Name, Protocol: p.Protocol, Port: p.Port, TargetPort: p.TargetPort})
	}
	return kept
}
