package manifest

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TypeAnnotation is on a Service that became ClusterIP, and holds the type that
// the chart gave it: bind templates that were written for that type still see it.
const TypeAnnotation = "cf-helm-broker.io/service-type"

// rangesAnnotation is another form of loadBalancerSourceRanges, and refused too
// on a Service of another type.
const rangesAnnotation = corev1.AnnotationLoadBalancerSourceRangesKey

// exposing are the fields of a Service by which it is reached from outside, or
// that are refused where it isn't.
var exposing = []string{
	"externalIPs", "externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts",
	"loadBalancerClass", "loadBalancerSourceRanges", "loadBalancerIP",
}

// closeService makes a Service one of type ClusterIP. Fields become null, which
// also takes away what is in the cluster though neither this revision nor the
// last one says so: an upgrade that failed may have left it.
func closeService(object *unstructured.Unstructured) {
	spec, ok := object.Object["spec"].(map[string]any)
	if !isService(object) || !ok {
		return
	}
	const closed = string(corev1.ServiceTypeClusterIP)
	declared, _ := spec["type"].(string)
	switch corev1.ServiceType(declared) {
	case corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer:
		Annotate(object.Object, TypeAnnotation, declared)
		spec["type"] = closed
	case "":
		spec["type"] = closed
	}
	for _, field := range exposing {
		spec[field] = nil
	}
	for _, port := range mapsIn(spec["ports"]) {
		delete(port, "nodePort") // the API server takes it away with the type
	}
	unannotate(object.Object, rangesAnnotation)
}

// MarkService gives a Service the annotations that it may have in the cluster.
func MarkService(object *unstructured.Unstructured) {
	if isService(object) {
		Annotate(object.Object, TypeAnnotation, "")
		Annotate(object.Object, rangesAnnotation, "")
	}
}

func unmarkService(object *unstructured.Unstructured) {
	if isService(object) {
		unannotate(object.Object, TypeAnnotation)
	}
}

func isService(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind().GroupKind() == schema.GroupKind{Group: corev1.GroupName, Kind: "Service"}
}
