package release

import (
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
)

// TestStages: what one object needs is made before it, and what doesn't need another is
// made with it.
func TestStages(t *testing.T) {
	for name, c := range map[string]struct{ kinds, want string }{
		"a common chart":      {"NetworkPolicy ServiceAccount Secret ConfigMap ConfigMap Role RoleBinding Service Deployment Ingress", "NetworkPolicy ServiceAccount|Secret ConfigMap ConfigMap Role Service|RoleBinding|Deployment Ingress"},
		"a token":             {"ServiceAccount Secret", "ServiceAccount|Secret"},
		"a role's binding":    {"ClusterRole ClusterRoleBinding Role RoleBinding", "ClusterRole Role|ClusterRoleBinding RoleBinding"},
		"a claim":             {"LimitRange PersistentVolumeClaim StatefulSet", "LimitRange|PersistentVolumeClaim|StatefulSet"},
		"an operator's kinds": {"CustomResourceDefinition Deployment APIService Cluster Cluster Database", "CustomResourceDefinition|Deployment|APIService|Cluster Cluster|Database"},
		"nothing":             {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var resources kube.ResourceList
			for _, kind := range strings.Fields(c.kinds) {
				resources = append(resources, &resource.Info{Mapping: &meta.RESTMapping{GroupVersionKind: schema.GroupVersionKind{Kind: kind}}})
			}
			var got []string
			for _, stage := range stages(resources) {
				var kinds []string
				for _, info := range stage {
					kinds = append(kinds, kindOf(info))
				}
				got = append(got, strings.Join(kinds, " "))
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("the stages are %v, want %s", got, c.want)
			}
		})
	}
}

// TestStagesKnowHelmsKinds: a kind that Helm begins to order has to find its stage.
func TestStagesKnowHelmsKinds(t *testing.T) {
	for _, kind := range releaseutil.InstallOrder {
		if stageOf(kind) == byItself && !slices.Contains([]string{"APIService"}, kind) {
			t.Errorf("%s has no stage", kind)
		}
	}
}
