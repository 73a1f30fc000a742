package helmsvc

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// ViewOf is what a binding would see of a namespace that holds these objects,
// in this order. Only Opaque Secrets may be among the secrets. It asks no
// cluster, so that charts can be checked without one.
func ViewOf(secrets []corev1.Secret, services []corev1.Service, pods []corev1.Pod) View {
	return newView(secrets, services, pods)
}

// ForTemplate adds to the view what only templates see of the namespace.
// overlay tells whether apps reach the instance over the overlay. Parameters,
// instance, binding and release are left to the caller.
func (v View) ForTemplate(ingresses []networkingv1.Ingress, overlay bool) TemplateView {
	seen := TemplateView{View: v, Services: v.Services, RawServices: v.Services, Ingresses: []Ingress{}}
	if overlay {
		seen.Services = v.overlay
	}
	for _, i := range ingresses {
		i.ManagedFields = nil
		seen.Ingresses = append(seen.Ingresses, Ingress{Name: i.Name, Metadata: i.ObjectMeta, Spec: i.Spec, Status: i.Status})
	}
	return seen
}
