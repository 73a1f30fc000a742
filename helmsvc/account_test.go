package helmsvc_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// confined is a place where Helm acts as the instance.
func confined(t *testing.T) *place {
	t.Helper()
	return confinedBy(t, tenant.Config{})
}

// confinedBy is confined where this holds too.
func confinedBy(t *testing.T, config tenant.Config) *place {
	t.Helper()
	p := newPlace(t)
	config.Impersonate = true
	p.use(config)
	p.ns.Isolation = new(tenant.Isolation)
	if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
		t.Fatal(err)
	}
	return p
}

func rendered(templates ...string) chart.Rendered {
	return chart.Rendered{Chart: chartOf("c", map[string]string{"c.yaml": strings.Join(templates, "---\n")})}
}

// role is a ClusterRole that nobody is bound to.
func clusterRole(name string) string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + name + "}\nrules: []\n"
}

func (p *place) hasClusterRole(name string) bool {
	p.t.Helper()
	_, err := clients.RbacV1().ClusterRoles().Get(p.t.Context(), name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		p.t.Fatal(err)
	}
	return err == nil
}

// TestAsTheInstance takes a release through everything with the rights of its
// namespace's ServiceAccount.
func TestAsTheInstance(t *testing.T) {
	p := confined(t)
	if err := p.install(t.Context(), `{"hooks":"registry.example.com/hook:1"}`, nil); err != nil {
		t.Fatal(err)
	}
	account, err := clients.CoreV1().ServiceAccounts(p.ns.Name).Get(t.Context(), tenant.InstanceAccount, metav1.GetOptions{})
	if err != nil || account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
		t.Errorf("the account is %+v, %v", account, err)
	}
	what, err := charts.Services[0].Render(t.Context(), charts.Services[0].Plans[0], p.target.Release, p.ns.Name, []byte(`{"replicas":2}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, what, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	if offered, err := p.View(t.Context(), p.ns.Name); err != nil || len(offered.Secrets) == 0 {
		t.Errorf("view %+v, %v", offered, err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if n := len(p.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
}

// TestMissingAccount makes the account where there is none: in a namespace from
// before, or after somebody has deleted or changed it.
func TestMissingAccount(t *testing.T) {
	p := newPlace(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	p.use(tenant.Config{Impersonate: true})
	if offered, err := p.View(t.Context(), p.ns.Name); err != nil || len(offered.Secrets) == 0 {
		t.Errorf("view %+v, %v", offered, err)
	}
	if err := clients.CoreV1().ServiceAccounts(p.ns.Name).Delete(t.Context(), tenant.InstanceAccount, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.rebind("view", tenant.InstanceAccount)
	if _, err := p.Revision(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	p.rebind("admin", "default") // the role, but of somebody else
	if _, err := p.Revision(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	p.rebind("", "")
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if n := len(p.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
}

// rebind takes the instance's rights away, and gives a role to an account.
func (p *place) rebind(role, account string) {
	p.t.Helper()
	bindings := clients.RbacV1().RoleBindings(p.ns.Name)
	if err := bindings.Delete(p.t.Context(), tenant.InstanceAccount, metav1.DeleteOptions{}); err != nil {
		p.t.Fatal(err)
	}
	if role == "" {
		return
	}
	_, err := bindings.Create(p.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: tenant.InstanceAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: p.ns.Name, Name: account}},
	}, metav1.CreateOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
}

// TestUninstallWhereNothingIs has nothing to do in a namespace that is gone.
func TestUninstallWhereNothingIs(t *testing.T) {
	p := confined(t)
	if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Error(err)
	}
	if _, err := p.ViewReady(t.Context(), p.target, "", 0); !errors.Is(err, tenant.ErrGone) {
		t.Errorf("error %v", err)
	}
}

// TestOutside refuses what lies outside the namespace, with all of it named,
// before anything is made.
func TestOutside(t *testing.T) {
	p := confined(t)
	role := "outside-" + p.ns.Name
	what := rendered(mapOf,
		clusterRole(role),
		strings.Replace(object("v1", "ConfigMap", "elsewhere", "{}"), "metadata: {", "metadata: {namespace: default, ", 1),
		hooked(object("scheduling.k8s.io/v1", "PriorityClass", "hook", "{}"), "post-install"),
	)
	bring(t, what.Chart, "Outsider")
	check := func(err error) {
		t.Helper()
		var outside *manifest.OutsideError
		if !errors.As(err, &outside) {
			t.Fatalf("error %v", err)
		}
		for _, want := range []string{
			"ClusterRole " + role + " (templates/c.yaml)", "ConfigMap elsewhere in namespace default (templates/c.yaml)", "PriorityClass hook (",
			"no plan allows objects in other namespaces",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q isn't in the error: %v", want, err)
			}
		}
	}
	err := p.Install(t.Context(), p.target, what, nil)
	check(err)
	if want := "`cluster_objects: [CustomResourceDefinition, ClusterRole, PriorityClass]`"; !strings.Contains(err.Error(), want) {
		t.Errorf("%q isn't in the error: %v", want, err)
	}
	if len(p.releases()) != 0 || defined(t, "Outsider") || p.hasClusterRole(role) {
		t.Error("something was made of the chart")
	}
	if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil {
		t.Fatal(err)
	}
	check(p.Upgrade(t.Context(), p.target, what, nil))
}

// TestClusterObjects makes those of the kinds that the plan allows, and deletes
// them with the release, but nobody else's.
func TestClusterObjects(t *testing.T) {
	p := confined(t)
	p.target.ClusterObjects = []string{"ClusterRole", "PriorityClass.scheduling.k8s.io"}
	kept, changed, hook := "kept-"+p.ns.Name, "changed-"+p.ns.Name, "hook-"+p.ns.Name
	if err := p.Install(t.Context(), p.target, rendered(mapOf, clusterRole(kept), clusterRole(changed), hooked(clusterRole(hook), "post-install,post-upgrade")), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, rendered(mapOf, clusterRole(kept), hooked(clusterRole(hook), "post-install,post-upgrade")), nil); err != nil {
		t.Fatal(err)
	}
	if !p.hasClusterRole(kept) || p.hasClusterRole(changed) || !p.hasClusterRole(hook) {
		t.Error("the upgrade didn't take away what the chart has no more, or more than that")
	}
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	if !p.hasClusterRole(changed) {
		t.Error("the rollback didn't make anew what the upgrade had taken away")
	}
	// Somebody else's of the same name by now.
	p.disown(changed, nil)
	p.target.ClusterObjects = nil
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if p.hasClusterRole(kept) || !p.hasClusterRole(changed) {
		t.Error("not what was the release's own was deleted")
	}
}

// disown has a ClusterRole bear these marks instead of the release's.
func (p *place) disown(name string, marks map[string]string) {
	p.t.Helper()
	roles := clients.RbacV1().ClusterRoles()
	role, err := roles.Get(p.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	role.Annotations = marks
	if _, err := roles.Update(p.t.Context(), role, metav1.UpdateOptions{}); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = roles.Delete(context.Background(), name, metav1.DeleteOptions{}) })
}

// TestOthersClusterObject leaves alone what is there already, of an allowed kind
// too, and whatever a forged record says: also what bears the mark of a release
// of the same name in another namespace.
func TestOthersClusterObject(t *testing.T) {
	for name, marks := range map[string]func(*place) map[string]string{
		"nobody's": func(*place) map[string]string { return nil },
		"another namespace's": func(p *place) map[string]string {
			return map[string]string{"meta.helm.sh/release-name": p.target.Release, "meta.helm.sh/release-namespace": "another"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := confined(t)
			othersClusterObject(t, p, marks(p))
		})
	}
}

func othersClusterObject(t *testing.T, p *place, marks map[string]string) {
	p.target.ClusterObjects = []string{"ClusterRole"}
	taken := "taken-" + p.ns.Name
	if err := p.Install(t.Context(), p.target, rendered(mapOf, clusterRole(taken)), nil); err != nil {
		t.Fatal(err)
	}
	p.disown(taken, marks)
	var conflict *tenant.ConflictError
	err := p.Upgrade(t.Context(), p.target, rendered(mapOf, strings.Replace(clusterRole(taken), "rules: []", "rules: [{verbs: [get], nonResourceURLs: [/version]}]", 1)), nil)
	if !errors.As(err, &conflict) && (err == nil || !strings.Contains(err.Error(), "was not made for this service instance")) {
		t.Errorf("error %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	role, err := clients.RbacV1().ClusterRoles().Get(t.Context(), taken, metav1.GetOptions{})
	if err != nil || len(role.Rules) != 0 || !maps.Equal(role.Annotations, marks) {
		t.Errorf("the other's ClusterRole is now %+v, %v", role, err)
	}
}

// TestSwappedRole has the instance take away what the broker needs: it doesn't
// get in the way of an uninstall.
func TestSwappedRole(t *testing.T) {
	p := confined(t)
	if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil {
		t.Fatal(err)
	}
	only := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "only-" + p.ns.Name},
		Rules:      []rbacv1.PolicyRule{{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"secrets"}}},
	}
	if _, err := clients.RbacV1().ClusterRoles().Create(t.Context(), only, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = clients.RbacV1().ClusterRoles().Delete(context.Background(), only.Name, metav1.DeleteOptions{})
	})
	p.rebind(only.Name, tenant.InstanceAccount)
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if n := len(p.releases()); n != 0 {
		t.Errorf("%d revisions of the release are left", n)
	}
}

// TestLookup finds what is the instance's, and nothing else.
func TestLookup(t *testing.T) {
	p := confined(t)
	const other = `data: {found: {{ lookup "v1" "Secret" "kube-system" "any" | toJson | quote }}}`
	const own = `data: {found: {{ (lookup "v1" "ServiceAccount" .Release.Namespace "default").metadata.name | quote }}}`
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: found}\n"
	err := p.Install(t.Context(), p.target, rendered(manifest+other+"\n"), nil)
	if !apierrors.IsForbidden(err) && (err == nil || !strings.Contains(err.Error(), "is forbidden")) || !strings.Contains(err.Error(), "confined to its service instance's namespace") {
		t.Errorf("error %v", err)
	}
	if err := p.Install(t.Context(), p.target, rendered(manifest+own+"\n"), nil); err != nil {
		t.Fatal(err)
	}
	found, err := clients.CoreV1().ConfigMaps(p.ns.Name).Get(t.Context(), "found", metav1.GetOptions{})
	if err != nil || found.Data["found"] != "default" {
		t.Errorf("found %v, %v", found, err)
	}
}

// TestUngranted says where a right could come from that the role admin lacks.
func TestUngranted(t *testing.T) {
	p := confined(t)
	quota := "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: more}\nspec: {hard: {pods: 1000}}\n"
	err := p.Install(t.Context(), p.target, rendered(quota), nil)
	if err == nil || !strings.Contains(err.Error(), "aggregate-to-admin") || !strings.Contains(err.Error(), "resourcequotas aren't among") {
		t.Errorf("error %v", err)
	}
}

// TestBundledDefinitions leaves out crds/ that the cluster has.
func TestBundledDefinitions(t *testing.T) {
	p := confined(t)
	withCRD := func() chart.Rendered {
		return chart.Rendered{Chart: bring(t, chartOf("c", map[string]string{"c.yaml": mapOf}), "Bundled")}
	}
	var outside *manifest.OutsideError
	if err := p.Install(t.Context(), p.target, withCRD(), nil); !errors.As(err, &outside) {
		t.Fatalf("error %v", err)
	}
	definitions := definitionsAPI(t).ApiextensionsV1().CustomResourceDefinitions()
	if _, err := definitions.Create(t.Context(), definitionOf("Bundled"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = definitions.Delete(context.Background(), definitionOf("Bundled").Name, metav1.DeleteOptions{})
	})
	var err error
	for err = p.Install(t.Context(), p.target, withCRD(), nil); errors.As(err, &outside); {
		err = p.Install(t.Context(), p.target, withCRD(), nil) // discovery lags behind
	}
	if err != nil {
		t.Error(err)
	}
}

// TestHeldRoleBinding has the RoleBinding of the instance's account changed and
// held by somebody's finalizer: it is the broker's own, and goes all the same.
func TestHeldRoleBinding(t *testing.T) {
	p := confined(t)
	if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil {
		t.Fatal(err)
	}
	hold := func(role string) {
		p.rebind(role, "default")
		held := []byte(`{"metadata":{"finalizers":["example.com/hold"]}}`)
		_, err := clients.RbacV1().RoleBindings(p.ns.Name).Patch(t.Context(), tenant.InstanceAccount, types.MergePatchType, held, metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	hold("view")
	if _, err := p.Revision(t.Context(), p.target); err != nil {
		t.Errorf("it isn't made anew: %v", err)
	}
	hold("admin")
	if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
		t.Error(err)
	}
}
