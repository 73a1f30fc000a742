package kubernetes_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

func TestRightsAreBoundToTheAccount(t *testing.T) {
	everything := decodeAll(t)
	account := only[*corev1.ServiceAccount](t, everything)
	want := rbacv1.Subject{Kind: "ServiceAccount", Name: account.Name, Namespace: account.Namespace}
	cluster := only[*rbacv1.ClusterRoleBinding](t, everything)
	records := only[*rbacv1.RoleBinding](t, everything)
	for _, subjects := range [][]rbacv1.Subject{cluster.Subjects, records.Subjects} {
		if !slices.Equal(subjects, []rbacv1.Subject{want}) {
			t.Errorf("rights are bound to %v, want %v alone", subjects, want)
		}
	}
	if role := only[*rbacv1.ClusterRole](t, everything); cluster.RoleRef.Name != role.Name {
		t.Errorf("the ClusterRole %q is bound, it is called %q", cluster.RoleRef.Name, role.Name)
	}
	role := only[*rbacv1.Role](t, everything)
	if records.RoleRef.Name != role.Name || records.Namespace != role.Namespace || role.Namespace != account.Namespace {
		t.Errorf("the Role %s/%s is bound in %s as %q", role.Namespace, role.Name, records.Namespace, records.RoleRef.Name)
	}
}

// What the broker may do where binds wait for nodes: read Leases of the agents' namespace.
func TestRightsToWaitForNodes(t *testing.T) {
	account := only[*corev1.ServiceAccount](t, decodeAll(t))
	component := decode(t, "nodes/rbac.yaml")
	role, binding := only[*rbacv1.Role](t, component), only[*rbacv1.RoleBinding](t, component)
	if want := (rbacv1.Subject{Kind: "ServiceAccount", Name: account.Name, Namespace: account.Namespace}); !slices.Equal(binding.Subjects, []rbacv1.Subject{want}) {
		t.Errorf("rights are bound to %v, want %v alone", binding.Subjects, want)
	}
	if binding.RoleRef.Name != role.Name || binding.Namespace != role.Namespace || role.Namespace != podgroup.AgentsNamespace {
		t.Errorf("the Role %s/%s is bound in %s as %q; agents are in %s", role.Namespace, role.Name, binding.Namespace, binding.RoleRef.Name, podgroup.AgentsNamespace)
	}
	want := []rbacv1.PolicyRule{{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"list", "watch"}}}
	if !reflect.DeepEqual(role.Rules, want) {
		t.Errorf("it grants %v, want %v", role.Rules, want)
	}
	if agents := only[*corev1.Namespace](t, decode(t, "../silk-worker/namespace.yaml")); agents.Name != podgroup.AgentsNamespace {
		t.Errorf("the agents' namespace is %s, the broker looks into %s", agents.Name, podgroup.AgentsNamespace)
	}
}

// By each of these an account can get the rights of another, or of the node. The
// broker may become an instance's account, and give that its role.
func TestRightsDontGrow(t *testing.T) {
	const extra = "userextras/cf-helm-broker"
	named := map[string]string{"impersonate": tenant.InstanceAccount, "bind": "admin"}
	for _, rule := range only[*rbacv1.ClusterRole](t, decodeAll(t)).Rules {
		if slices.Equal(rule.Resources, []string{extra}) && slices.Equal(rule.ResourceNames, []string{"records"}) {
			continue // it says what an instance's account does, and gives it nothing
		}
		for _, verb := range rule.Verbs {
			if slices.Contains([]string{"*", "escalate", "deletecollection"}, verb) {
				t.Errorf("%v may be %q", rule.Resources, verb)
			}
			if name, found := named[verb]; found && !slices.Equal(rule.ResourceNames, []string{name}) {
				t.Errorf("it may %s %v %v, want %s only", verb, rule.Resources, rule.ResourceNames, name)
			}
		}
		for _, resource := range rule.Resources {
			if strings.ContainsAny(resource, "*/") || slices.Contains(rule.APIGroups, "*") || resource == "secrets" {
				t.Errorf("the ClusterRole grants %v of %v", resource, rule.APIGroups)
			}
		}
	}
}

// TestNetworkPolicyRights: what is granted besides for ENFORCE=networkpolicy is just
// that, to this account.
func TestNetworkPolicyRights(t *testing.T) {
	added := decode(t, "networkpolicy/rbac.yaml")
	role, binding := only[*rbacv1.ClusterRole](t, added), only[*rbacv1.ClusterRoleBinding](t, added)
	account := only[*corev1.ServiceAccount](t, decodeAll(t))
	if want := []rbacv1.Subject{{Kind: "ServiceAccount", Name: account.Name, Namespace: account.Namespace}}; binding.RoleRef.Name != role.Name || !slices.Equal(binding.Subjects, want) {
		t.Errorf("%s is bound to %v", binding.RoleRef.Name, binding.Subjects)
	}
	for _, rule := range role.Rules {
		if !slices.Equal(rule.APIGroups, []string{"networking.k8s.io"}) || !slices.Equal(rule.Resources, []string{"networkpolicies"}) {
			t.Errorf("it grants %v of %v", rule.Resources, rule.APIGroups)
		}
		if want := []string{"get", "list", "create", "update", "delete"}; !slices.Equal(rule.Verbs, want) {
			t.Errorf("it grants %v, want %v", rule.Verbs, want)
		}
	}
}

// Helm gets an object before it makes it, and patches or deletes it later.
var helmVerbs = []string{"get", "create", "patch", "delete"}

// adminRules are what the role allows that instances have in their namespaces.
func adminRules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	var admin rbacv1.ClusterRole
	readStrictly(t, "../../helmsvc/chartcheck/testdata/admin.yaml", &admin)
	return admin.Rules
}

func TestSampleChartsAreGranted(t *testing.T) {
	catalog, err := chart.Load("../../charts")
	if err != nil || len(catalog.Services) == 0 || len(catalog.Problems) > 0 {
		t.Fatalf("%d services, %v, %v", len(catalog.Services), catalog.Problems, err)
	}
	for _, service := range catalog.Services {
		for _, plan := range service.Plans {
			t.Run(service.Metadata().Name+"/"+plan.Name, func(t *testing.T) {
				rendered, err := service.Render(t.Context(), plan, "release", "namespace", nil)
				if err != nil {
					t.Fatal(err)
				}
				checkGranted(t, rendered.Chart, rendered.Values)
			})
		}
	}
}

func TestOrdinaryChartIsGranted(t *testing.T) {
	folder, err := chartutil.Create("ordinary", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ordinary, err := loader.LoadDir(filepath.Clean(folder))
	if err != nil {
		t.Fatal(err)
	}
	enabled := map[string]any{"enabled": true}
	checkGranted(t, ordinary, map[string]any{"ingress": enabled, "autoscaling": enabled})
}

func checkGranted(t *testing.T, c *helmchart.Chart, values map[string]any) {
	t.Helper()
	rules := adminRules(t)
	resources := resourcesOf(t, c, values)
	if len(resources) == 0 {
		t.Fatal("the chart renders nothing")
	}
	for _, resource := range resources {
		for _, verb := range helmVerbs {
			if !granted(rules, resource, verb) {
				t.Errorf("the role admin doesn't grant %s of %s", verb, resource)
			}
		}
	}
}

func granted(rules []rbacv1.PolicyRule, resource schema.GroupResource, verb string) bool {
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.APIGroups, resource.Group) && slices.Contains(r.Resources, resource.Resource) && slices.Contains(r.Verbs, verb)
	})
}

// resourcesOf renders the chart and returns what it is made of.
func resourcesOf(t *testing.T, c *helmchart.Chart, values map[string]any) []schema.GroupResource {
	t.Helper()
	options := chartutil.ReleaseOptions{Name: "release", Namespace: "namespace", IsInstall: true}
	input, err := chartutil.ToRenderValues(c, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Render(c, input)
	if err != nil {
		t.Fatal(err)
	}
	found := map[schema.GroupResource]bool{}
	for name, content := range files {
		var object struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		if err := yaml.Unmarshal([]byte(content), &object); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if object.Kind != "" {
			plural, _ := meta.UnsafeGuessKindToResource(schema.FromAPIVersionAndKind(object.APIVersion, object.Kind))
			found[plural.GroupResource()] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}

// The policy knows the account and the instances' namespaces by name.
func TestConfinementFitsTheBroker(t *testing.T) {
	everything := decodeAll(t)
	account := only[*corev1.ServiceAccount](t, everything)
	confinement := decode(t, "confine.yaml")
	policy := only[*admissionv1.ValidatingAdmissionPolicy](t, confinement)
	binding := only[*admissionv1.ValidatingAdmissionPolicyBinding](t, confinement)
	if binding.Spec.PolicyName != policy.Name {
		t.Errorf("the policy %q is bound, it is called %q", binding.Spec.PolicyName, policy.Name)
	}
	user := fmt.Sprintf(`request.userInfo.username == "system:serviceaccount:%s:%s"`, account.Namespace, account.Name)
	if condition := policy.Spec.MatchConditions[0].Expression; condition != user {
		t.Errorf("the policy matches %s, want %s", condition, user)
	}
	prefix := fmt.Sprintf(`variables.place.startsWith("%s-")`, settings(t)["NAMESPACE_PREFIX"].fallback)
	own := fmt.Sprintf(`variables.place == "%s"`, account.Namespace)
	for _, want := range []string{prefix, own} {
		if !slices.ContainsFunc(policy.Spec.Variables, func(v admissionv1.Variable) bool { return strings.Contains(v.Expression, want) }) {
			t.Errorf("no variable of the policy says %s", want)
		}
	}
}

// The policy knows the namespaces by the label that the broker gives them.
func TestExposureFitsTheBroker(t *testing.T) {
	exposure := decode(t, "exposure.yaml")
	policy := only[*admissionv1.ValidatingAdmissionPolicy](t, exposure)
	binding := only[*admissionv1.ValidatingAdmissionPolicyBinding](t, exposure)
	if binding.Spec.PolicyName != policy.Name {
		t.Errorf("the policy %q is bound, it is called %q", binding.Spec.PolicyName, policy.Name)
	}
	want := map[string]string{tenant.ExposureLabel: "refused"}
	if got := policy.Spec.MatchConstraints.NamespaceSelector.MatchLabels; !maps.Equal(got, want) {
		t.Errorf("the policy is for namespaces labelled %v, want %v", got, want)
	}
}
