package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes/scheme"
)

// AsUnstructured is an object that a watch of the dynamic client delivered.
func AsUnstructured(object any) (*unstructured.Unstructured, error) {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("the watch delivered a %T", object)
	}
	return u, nil
}

// IsCRD tells whether the object defines a kind.
func IsCRD(info *resource.Info) bool {
	return info.Mapping.GroupVersionKind.Kind == "CustomResourceDefinition"
}

// IsCustom tells whether a kind is none of Kubernetes' own.
func IsCustom(kind schema.GroupVersionKind) bool { return !scheme.Scheme.Recognizes(kind) }

// SeldomTold are kinds of widely used operators that have a status which is only
// set where somebody has switched that on, and that make nothing by themselves.
// Objects of theirs are ready as soon as they exist.
var SeldomTold = map[string]bool{
	// Prometheus' operator: the feature gate StatusForConfigurationResources.
	"ServiceMonitor.monitoring.coreos.com": true, "PodMonitor.monitoring.coreos.com": true, "Probe.monitoring.coreos.com": true,
	"ScrapeConfig.monitoring.coreos.com": true, "PrometheusRule.monitoring.coreos.com": true, "AlertmanagerConfig.monitoring.coreos.com": true,
	// Istio: PILOT_ENABLE_STATUS.
	"VirtualService.networking.istio.io": true, "DestinationRule.networking.istio.io": true, "Gateway.networking.istio.io": true,
	"ServiceEntry.networking.istio.io": true, "Sidecar.networking.istio.io": true, "EnvoyFilter.networking.istio.io": true,
	"AuthorizationPolicy.security.istio.io": true, "PeerAuthentication.security.istio.io": true,
	"RequestAuthentication.security.istio.io": true, "Telemetry.telemetry.istio.io": true,
}
