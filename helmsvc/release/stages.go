package release

import (
	"cmp"
	"slices"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/cli-runtime/pkg/resource"
)

// stages are objects in the order in which they are made: those of a stage don't need
// each other, and are made at once. Helm makes each kind by itself, in an order that
// the stages keep where one kind needs another: an account before its token's Secret,
// a role before its binding, whatever a pod needs before the pod.
func stages(resources kube.ResourceList) (all []kube.ResourceList) {
	ordered := slices.Clone(resources)
	slices.SortStableFunc(ordered, func(a, b *resource.Info) int { return cmp.Compare(stageOf(kindOf(a)), stageOf(kindOf(b))) })
	for _, info := range ordered {
		last := len(all) - 1
		if last >= 0 && together(kindOf(all[last][0]), kindOf(info)) {
			all[last] = append(all[last], info)
			continue
		}
		all = append(all, kube.ResourceList{info})
	}
	return all
}

func kindOf(info *resource.Info) string { return info.Mapping.GroupVersionKind.Kind }

// together tells whether objects of two kinds are of one stage. Of the last each kind
// is by itself.
func together(a, b string) bool {
	return a == b || stageOf(a) == stageOf(b) && stageOf(a) < byItself
}

// byItself is the stage of kinds that Helm doesn't know: an operator's may need anything.
const byItself = 5

func stageOf(kind string) int {
	switch kind {
	case "PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount":
		return 1
	case "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition",
		"ClusterRole", "ClusterRoleList", "Role", "RoleList", "Service":
		return 2
	case "ClusterRoleBinding", "ClusterRoleBindingList", "RoleBinding", "RoleBindingList":
		return 3
	case "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress":
		return 4
	}
	return byItself
}
