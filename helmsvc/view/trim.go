package view

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// trimmer returns what makes objects small before they are kept: a pod or a
// Service that offers nothing, or that is in a foreign namespace, becomes its
// key, and any other what its Offer is made of. What is trimmed stays as it is.
func trimmer(mine func(namespace string) bool) cache.TransformFunc {
	return func(object any) (any, error) {
		switch o := object.(type) {
		case *corev1.Pod:
			if mine(o.Namespace) && readiness.Serves(o) {
				return trimPod(o), nil
			}
			return keyOf(o), nil
		case *corev1.Service:
			if mine(o.Namespace) && len(o.Spec.Selector) > 0 {
				return trimService(o), nil
			}
			return keyOf(o), nil
		}
		return object, nil
	}
}

func keyOf(object metav1.Object) cache.ExplicitKey {
	return cache.ExplicitKey(object.GetNamespace() + "/" + object.GetName())
}

// trimPod keeps what serves, ownGroup and endpoints look at, and of several
// addresses the one that is handed out. Whether the pod is
// Ready isn't among it.
func trimPod(pod *corev1.Pod) *corev1.Pod {
	kept := &corev1.Pod{ObjectMeta: trimMeta(pod), Status: corev1.PodStatus{PodIP: AddressOf(pod)}}
	kept.GenerateName, kept.Labels = pod.GenerateName, pod.Labels
	if group := pod.Annotations[manifest.PolicyGroupAnnotation]; group != "" {
		kept.Annotations = map[string]string{manifest.PolicyGroupAnnotation: group}
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
	kept := &corev1.Service{ObjectMeta: trimMeta(service), Spec: corev1.ServiceSpec{Selector: service.Spec.Selector}}
	for _, p := range service.Spec.Ports {
		kept.Spec.Ports = append(kept.Spec.Ports, corev1.ServicePort{Name: p.Name, Protocol: p.Protocol, Port: p.Port, TargetPort: p.TargetPort})
	}
	return kept
}

// trimMeta keeps the resource version as well: to an informer an update without
// a new one is none.
func trimMeta(object metav1.Object) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName(), ResourceVersion: object.GetResourceVersion()}
}

// alike tells whether two states of an object offer the same. A key offers
// nothing, and neither does an object that isn't there.
func alike(before, now any) bool {
	return equality.Semantic.DeepEqual(unversioned(before), unversioned(now))
}

func unversioned(object any) any {
	switch o := object.(type) {
	case *corev1.Pod:
		pod := *o
		pod.ResourceVersion = ""
		return pod
	case *corev1.Service:
		service := *o
		service.ResourceVersion = ""
		return service
	}
	return nil
}
