package watch

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/cf-helm-broker/cf-helm-broker/sparse"
)

// trimmer returns what makes objects small before they are kept: one in a
// foreign namespace becomes its key, and any other what names.Domain.Records
// looks at. What is trimmed stays as it is.
func trimmer(mine func(namespace string) bool) cache.TransformFunc {
	return sparse.Transform(func(object any) metav1.Object {
		switch o := object.(type) {
		case *corev1.Service:
			if mine(o.Namespace) {
				return trimService(o)
			}
		case *discoveryv1.EndpointSlice:
			if mine(o.Namespace) {
				return trimEndpoints(o)
			}
		}
		return nil
	})
}

func trimService(service *corev1.Service) *corev1.Service {
	trimmed := &corev1.Service{ObjectMeta: sparse.Meta(service), Spec: corev1.ServiceSpec{Type: service.Spec.Type, PublishNotReadyAddresses: service.Spec.PublishNotReadyAddresses}}
	if len(service.Spec.Selector) > 0 {
		trimmed.Spec.Selector = map[string]string{"": ""} // that there is one is all that matters
	}
	return trimmed
}

func trimEndpoints(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	trimmed := &discoveryv1.EndpointSlice{ObjectMeta: sparse.Meta(slice), AddressType: slice.AddressType}
	trimmed.Labels = map[string]string{}
	for _, label := range []string{discoveryv1.LabelServiceName, discoveryv1.LabelManagedBy} {
		if value := slice.Labels[label]; value != "" {
			trimmed.Labels[label] = value
		}
	}
	for _, endpoint := range slice.Endpoints {
		trimmed.Endpoints = append(trimmed.Endpoints, discoveryv1.Endpoint{
			Addresses: endpoint.Addresses, Hostname: endpoint.Hostname, NodeName: endpoint.NodeName,
			Conditions: discoveryv1.EndpointConditions{Ready: endpoint.Conditions.Ready, Terminating: endpoint.Conditions.Terminating},
		})
	}
	return trimmed
}
