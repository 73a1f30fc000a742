package chartcheck

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	notGranted = "the role admin, with which charts are installed, doesn't allow it"
	// whoGrants is for kinds that only the cluster's administrator can allow.
	whoGrants = "a ClusterRole with the label rbac.authorization.k8s.io/aggregate-to-admin=true can"
	// whoGrantsKinds is for kinds of operators, which the broker may have installed.
	whoGrantsKinds = whoGrants + ", and so does GRANT_OPERATOR_KINDS=true where the broker installs the operator"
	// whoAllows is for cluster-scoped kinds.
	whoAllows = "the plan has to name its kind in `cluster_objects`, and the broker needs the rights (deploy/kubernetes/rbac.yaml)"
)

// granted are the kinds of Kubernetes' own that the role admin lets charts make;
// a test keeps the two together.
var granted = map[schema.GroupKind]bool{
	{Kind: "ConfigMap"}:                                       true,
	{Kind: "Event"}:                                           true,
	{Kind: "PersistentVolumeClaim"}:                           true,
	{Kind: "Pod"}:                                             true,
	{Kind: "ReplicationController"}:                           true,
	{Kind: "Secret"}:                                          true,
	{Kind: "Service"}:                                         true,
	{Kind: "ServiceAccount"}:                                  true,
	{Group: "apps", Kind: "DaemonSet"}:                        true,
	{Group: "apps", Kind: "Deployment"}:                       true,
	{Group: "apps", Kind: "ReplicaSet"}:                       true,
	{Group: "apps", Kind: "StatefulSet"}:                      true,
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:   true,
	{Group: "batch", Kind: "CronJob"}:                         true,
	{Group: "batch", Kind: "Job"}:                             true,
	{Group: "coordination.k8s.io", Kind: "Lease"}:             true,
	{Group: "networking.k8s.io", Kind: "Ingress"}:             true,
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:       true,
	{Group: "policy", Kind: "PodDisruptionBudget"}:            true,
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:        true,
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}: true,
	{Group: "resource.k8s.io", Kind: "ResourceClaim"}:         true,
	{Group: "resource.k8s.io", Kind: "ResourceClaimTemplate"}: true,
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
	switch kind := o.kind.GroupKind(); {
	case clusterScoped[kind]:
		return []string{fmt.Sprintf("%s: it is cluster-scoped, shared by all instances; %s", o, whoAllows)}
	case o.typed == nil:
		return []string{fmt.Sprintf("%s: %s isn't one of Kubernetes' own kinds: what its controller makes isn't seen here, and unless the cluster adds it to the role admin, with which charts are installed, it is refused; %s", o, o.kind.GroupVersion(), whoGrantsKinds)}
	case !granted[kind]:
		return []string{fmt.Sprintf("%s: %s; %s", o, notGranted, whoGrants)}
	}
	return nil
}
