package chartcheck_test

import (
	"slices"
	"strings"
	"testing"
)

// TestOutside lists the kinds that a plan has to allow, those of hooks that
// don't stay too, and refuses what no plan can allow.
func TestOutside(t *testing.T) {
	hook := "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: p, annotations: {helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-succeeded}}\nvalue: 1\n"
	folder := good().and(files{
		"plans.yaml":          "",
		"templates/role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n",
		"templates/hook.yaml": hook,
		"templates/map.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: other}\n",
		"crds/x.yaml":         "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\n",
	}).write(t)
	report := check(t, folder)
	plan := report.Charts[0].Plans[0]
	if want := []string{"ClusterRole", "CustomResourceDefinition", "PriorityClass"}; !slices.Equal(plan.ClusterKinds, want) {
		t.Errorf("kinds %v, want %v", plan.ClusterKinds, want)
	}
	if len(plan.Mistakes) != 1 || !strings.HasPrefix(plan.Mistakes[0], "templates/map.yaml: ConfigMap x: it lies in namespace other") {
		t.Errorf("the mistakes %q", plan.Mistakes)
	}
	if want := "needs cluster_objects: [ClusterRole, CustomResourceDefinition, PriorityClass]"; !strings.Contains(text(t, report), want) {
		t.Errorf("%q isn't in\n%s", want, text(t, report))
	}
}
