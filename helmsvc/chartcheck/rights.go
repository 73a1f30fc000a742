package chartcheck

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const notGranted = "the broker's rights as deployed (deploy/kubernetes/rbac.yaml) don't allow it"

// granted are the kinds that deploy/kubernetes/rbac.yaml lets charts make; a
// test keeps the two together.
var granted = map[schema.GroupKind]bool{
	{Kind: "ConfigMap"}:                                     true,
	{Kind: "PersistentVolumeClaim"}:                         true,
	{Kind: "Pod"}:                                           true,
	{Kind: "Secret"}:                                        true,
	{Kind: "Service"}:                                       true,
	{Kind: "ServiceAccount"}:                                true,
	{Group: "apps", Kind: "DaemonSet"}:                      true,
	{Group: "apps", Kind: "Deployment"}:                     true,
	{Group: "apps", Kind: "StatefulSet"}:                    true,
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}: true,
	{Group: "batch", Kind: "CronJob"}:                       true,
	{Group: "batch", Kind: "Job"}:                           true,
	{Group: "networking.k8s.io", Kind: "Ingress"}:           true,
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:     true,
	{Group: "policy", Kind: "PodDisruptionBudget"}:          true,
}

// clusterScoped are the kinds of Kubernetes' own that lie in no namespace and
// that charts are known to make.
var clusterScoped = map[schema.GroupKind]bool{
	{Kind: "Namespace"}:        true,
	{Kind: "Node"}:             true,
	{Kind: "PersistentVolume"}: true,
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:     true,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy"}:        true,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicyBinding"}: true,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}:   true,
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:                 true,
	{Group: "apiregistration.k8s.io", Kind: "APIService"}:                             true,
	{Group: "certificates.k8s.io", Kind: "CertificateSigningRequest"}:                 true,
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "FlowSchema"}:                       true,
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "PriorityLevelConfiguration"}:       true,
	{Group: "networking.k8s.io", Kind: "IngressClass"}:                                true,
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                                      true,
	{Group: "policy", Kind: "PodSecurityPolicy"}:                                      true,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:                         true,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:                  true,
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}:                               true,
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                                      true,
	{Group: "storage.k8s.io", Kind: "StorageClass"}:                                   true,
}

// rightsWarnings says what may be refused when the chart is installed.
func rightsWarnings(o object) []string {
	var found []string
	switch kind := o.kind.GroupKind(); {
	case clusterScoped[kind]:
		return []string{fmt.Sprintf("%s: it is cluster-scoped, shared by all instances; %s", o, notGranted)}
	case o.typed == nil:
		found = append(found, fmt.Sprintf("%s: %s isn't one of Kubernetes' own kinds: what its controller makes isn't seen here, and %s", o, o.kind.GroupVersion(), notGranted))
	case !granted[kind]:
		found = append(found, fmt.Sprintf("%s: %s", o, notGranted))
	}
	if o.namespace != "" && o.namespace != target().Namespace {
		found = append(found, fmt.Sprintf("%s: it lies in namespace %s, outside the instance's: deleting the instance's namespace leaves it behind", o, o.namespace))
	}
	return found
}
