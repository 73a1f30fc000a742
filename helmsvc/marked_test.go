package helmsvc_test

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/release"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestMarkedOutside finds what a release has made outside its namespace, of the kinds that may
// be listed, and says of which it may not; where charts aren't kept in their namespaces, in
// other namespaces as well.
func TestMarkedOutside(t *testing.T) {
	p := confined(t)
	p.target.ClusterObjects = []string{"ClusterRole"}
	made := "made-" + p.ns.Name
	if err := p.Install(t.Context(), p.target, rendered(mapOf, clusterRole(made)), nil); err != nil {
		t.Fatal(err)
	}
	if names, err := p.Recorded(t.Context(), p.ns.Name); err != nil || len(names) != 1 || names[p.target.Release].IsZero() {
		t.Errorf("Helm's records are of %v, %v", names, err)
	}
	elsewhere := anotherPlace(t)
	_, err := clients.RbacV1().Roles(elsewhere.ns.Name).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "outside", Annotations: map[string]string{
		"meta.helm.sh/release-name": p.target.Release, "meta.helm.sh/release-namespace": p.ns.Name,
	}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const roles, clusterRoles = "roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io"
	p.wantMarked(clusterRoles + " /" + made)
	p.use(tenant.Config{})
	p.wantMarked(clusterRoles+" /"+made, roles+" "+elsewhere.ns.Name+"/outside")

	config := rest.CopyConfig(local.RESTConfig())
	config.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + p.ns.Name + ":" + tenant.InstanceAccount}
	if p.Cluster, err = helmsvc.NewCluster(config, helmsvc.Config{Tenants: tenant.Config{Impersonate: true}}); err != nil {
		t.Fatal(err)
	}
	found, unlisted, err := p.MarkedOutside(t.Context(), []string{"ClusterRole", "NoKind"})
	if err != nil || len(found) != 0 || !slices.Equal(unlisted, []string{clusterRoles}) {
		t.Errorf("found are %v, not listed %v, %v", found, unlisted, err)
	}
}

// wantMarked fails unless just these objects are found.
func (p *place) wantMarked(want ...string) {
	p.t.Helper()
	all, unlisted, err := p.MarkedOutside(p.t.Context(), []string{"ClusterRole"})
	others := func(m release.Marked) bool { return m.ReleaseNamespace != p.ns.Name || m.Release != p.target.Release }
	var found []string
	for _, m := range slices.DeleteFunc(all, others) {
		found = append(found, m.Resource+" "+m.Namespace+"/"+m.Name)
	}
	slices.Sort(found)
	if err != nil || len(unlisted) > 0 || !slices.Equal(found, want) {
		p.t.Errorf("found are %v, want %v; not listed %v, %v", found, want, unlisted, err)
	}
}
