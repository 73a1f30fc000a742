package watch

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// trimmer returns what makes objects small before they are kept: one in a
// foreign namespace becomes its key, and any other what names.Domain.Records
// looks at. What is trimmed stays as it is.
func trimmer(mine func(namespace string) bool) cache.TransformFunc {
	return func(object any) (any, error) {
		switch o := object.(type) {
		case *corev1.Service:
			if mine(o.Namespace) {
				return trimService(o), nil
			}
			return keyOf(o), nil
		case *discoveryv1.EndpointSlice:
			if mine(o.Namespace) {
				return trimEndpoints(o), nil
			}
			return keyOf(o), nil
		}
		return object, nil
	}
}

func keyOf(object metav1.Object) cache.ExplicitKey {
	return cache.ExplicitKey(object.GetNamespace() + "/" + object.GetName())
}

// keptNamespace is the namespace of an object that is kept, and none of others.
func keptNamespace(object any) ([]string, error) {
	if o, ok := object.(metav1.Object); ok {
		return []string{o.GetNamespace()}, nil
	}
	return nil, nil
}

func trimService(service *corev1.Service) *corev1.Service {
	trimmed := &corev1.Service{ObjectMeta: trimMeta(service), Spec: corev1.ServiceSpec{Type: service.Spec.Type, PublishNotReadyAddresses: service.Spec.PublishNotReadyAddresses}}
	if len(service.Spec.Selector) > 0 {
		trimmed.Spec.Selector = map[string]string{"": ""} // that there is one is all that matters
	}
	return trimmed
}

func trimEndpoints(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	trimmed := &discoveryv1.EndpointSlice{ObjectMeta: trimMeta(slice), AddressType: slice.AddressType}
	trimmed.Labels = map[string]string{}
	for _, label := range []string{discoveryv1.LabelServiceName, discoveryv1.LabelManagedBy} {
		if value := slice.Labels[label]; value != "" {
			trimmed.Labels[label] = value
		}
	}
	for _, endpoint := range slice.Endpoints {
		trimmed.Endpoints = append(trimmed.Endpoints, discoveryv1.Endpoint{
			Addresses: endpoint.Addresses, Hostname: endpoint.Hostname,
			Conditions: discoveryv1.EndpointConditions{Ready: endpoint.Conditions.Ready, Terminating: endpoint.Conditions.Terminating},
		})
	}
	return trimmed
}

// trimMeta keeps the resource version as well: to an informer an update without
// a new one is none.
func trimMeta(object metav1.Object) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName(), ResourceVersion: object.GetResourceVersion()}
}

// alike tells whether two states of an object lead to the same names. A key
// leads to none, and neither does an object that isn't there.
func alike(before, now any) bool {
	return equality.Semantic.DeepEqual(unversioned(before), unversioned(now))
}

func unversioned(object any) any {
	switch o := object.(type) {
	case *corev1.Service:
		service := *o
		service.ResourceVersion = ""
		return service
	case *discoveryv1.EndpointSlice:
		slice := *o
		slice.ResourceVersion = ""
		return slice
	}
	return nil
}
