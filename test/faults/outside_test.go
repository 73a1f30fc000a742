package faults

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// The plans of the chart varied, by what they make outside their namespace.
const (
	withRole   = "role" // a ClusterRole
	withKept   = "kept" // a volume that outlives the instance
	withVolume = "lost" // a volume that doesn't
)

// roles is what an operator grants for the plan with a ClusterRole.
var roles = rig.Granted{
	Kinds: []string{"clusterroles.rbac.authorization.k8s.io"},
	Rules: []rbacv1.PolicyRule{{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{"get", "create", "patch", "delete"}}},
}

// roleDifferences are the ClusterRoles of instances that there shouldn't be, or
// should.
func (w *world) roleDifferences() []string {
	all, err := w.kube.RbacV1().ClusterRoles().List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		return []string{err.Error()}
	}
	have, want := map[string]string{}, map[string]string{}
	for _, role := range all.Items {
		if strings.HasPrefix(role.Name, w.prefix+"-") && role.Name != w.records {
			have[role.Name] = "there"
		}
	}
	for _, i := range w.instances {
		if i.Plan.Name == withRole {
			want[w.namespace(i)+"-reader"] = "there"
		}
	}
	return compare("ClusterRole", have, want)
}

// volumeDifferences compares the volumes of the instances: those that there
// are, those that are kept, and none else. A create that was given up and
// deleted has kept one, too, if it came as far.
func (w *world) volumeDifferences() []string {
	all, err := w.volumes(w.t.Context())
	if err != nil {
		return []string{err.Error()}
	}
	const bound, kept = "Bound Delete;", "Released Retain;"
	have, want := map[string]string{}, map[string]string{}
	slices.SortFunc(all, func(a, b corev1.PersistentVolume) int { return cmp.Compare(a.Status.Phase, b.Status.Phase) })
	for _, v := range all {
		have[v.Spec.ClaimRef.Namespace] += string(v.Status.Phase) + " " + string(v.Spec.PersistentVolumeReclaimPolicy) + ";"
	}
	for _, i := range w.instances {
		if slices.Contains([]string{withKept, withVolume}, i.Plan.Name) {
			want[w.namespace(i)] = bound
		}
	}
	for _, i := range w.gone {
		if i.Plan.Name == withKept && i.created {
			want[w.namespace(i)] = kept
		}
	}
	for _, i := range slices.Concat(slices.Collect(maps.Values(w.instances)), slices.Collect(maps.Values(w.gone))) {
		if i.Plan.Name == withKept {
			has, sure := have[w.namespace(i)], want[w.namespace(i)]
			want[w.namespace(i)] += strings.Repeat(kept, max(0, min(strings.Count(has, kept)-strings.Count(sure, kept), i.unsure)))
		}
	}
	return compare("volume of", have, want)
}

// volumes are those that belong to the world's instances, or did.
func (w *world) volumes(ctx context.Context) ([]corev1.PersistentVolume, error) {
	all, err := w.kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all.Items, func(v corev1.PersistentVolume) bool {
		return v.Spec.ClaimRef == nil || !strings.HasPrefix(v.Spec.ClaimRef.Namespace, w.prefix+"-")
	}), nil
}

// dropVolumes deletes what instances have left on purpose.
func (w *world) dropVolumes() {
	ctx := context.Background()
	all, _ := w.volumes(ctx) // the cluster may be gone
	for _, v := range all {
		_ = w.kube.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{})
	}
}
