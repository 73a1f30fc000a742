package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// elsewhere is a cluster that isn't the broker's own. Its pods are in
// 10.77.0.0/16.
type elsewhere struct {
	*cluster.Cluster
	kube kubernetes.Interface
}

func newElsewhere(t *testing.T) elsewhere {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 1, PodCIDR: "10.77.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return elsewhere{c, client}
}

// account makes a ServiceAccount with all rights and returns a kubeconfig with
// its token.
func (e elsewhere) account(t *testing.T, name string) (kubeconfig []byte, token string) {
	t.Helper()
	accounts := e.kube.CoreV1().ServiceAccounts("default")
	if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := e.kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	issued, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["c"] = &clientcmdapi.Cluster{Server: e.RESTConfig().Host, CertificateAuthorityData: e.RESTConfig().CAData}
	config.AuthInfos["u"] = &clientcmdapi.AuthInfo{Token: issued.Status.Token}
	config.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = "x"
	if kubeconfig, err = clientcmd.Write(*config); err != nil {
		t.Fatal(err)
	}
	return kubeconfig, issued.Status.Token
}

// revoke makes the account's token worthless.
func (e elsewhere) revoke(t *testing.T, name string) {
	t.Helper()
	if err := e.kube.RbacV1().ClusterRoleBindings().Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := e.kube.CoreV1().ServiceAccounts("default").Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// kubeconfigOf is a cluster's, with a client certificate.
func kubeconfigOf(t *testing.T, c *cluster.Cluster) []byte {
	t.Helper()
	text, err := os.ReadFile(c.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// offerElsewhere gives the chart fixture, besides its plan here, the plan
// "remote" with these credentials; with none it has no such plan.
func offerElsewhere(t *testing.T, folder string, kubeconfig []byte) {
	t.Helper()
	plans := "- {name: plain, file: plain.yaml, allowed_parameters: [number]}\n"
	if kubeconfig != nil {
		plans += "- {name: remote, file: plain.yaml, allowed_parameters: [number], credentials: remote.kubeconfig}\n"
	}
	for name, text := range map[string][]byte{"plans/remote.kubeconfig": kubeconfig, "plans.yaml": []byte(plans)} {
		if err := os.WriteFile(filepath.Join(folder, "fixture", name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// livesOn fails unless the instance is on the one cluster and not on the
// other, and can be bound to and changed there.
func (f *foundation) livesOn(i rig.Instance, there, notThere kubernetes.Interface, pods string, number string) {
	f.t.Helper()
	ctx := f.t.Context()
	f.update(i, map[string]any{"parameters": map[string]any{"number": number}})
	secrets, err := there.CoreV1().Secrets(f.namespace(i)).List(ctx, metav1.ListOptions{FieldSelector: "type=Opaque"})
	f.must(err)
	if len(secrets.Items) != 1 || string(secrets.Items[0].Data["number"]) != number {
		f.t.Errorf("the release has %+v, want the number %s", secrets.Items, number)
	}
	if list, err := notThere.CoreV1().Namespaces().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + f.namespace(i)}); err != nil || len(list.Items) != 0 {
		f.t.Errorf("the other cluster has %+v, %v", list.Items, err)
	}
	app, binding := f.app(), uuid.NewString()
	var body struct{ Credentials credentials }
	f.must(f.want(201)(f.Bind(ctx, i, binding, app)).Decode(&body))
	if e := body.Credentials.Endpoints; len(e) != 2 || !strings.HasPrefix(e[0].Host, pods) {
		f.t.Errorf("the binding offers %+v, want pods in %s", e, pods)
	}
	f.wantPolicies(cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "udp", 5353, 5353))
	f.want(200)(f.Unbind(ctx, i, binding))
}

// goneFrom deletes the instance and fails unless the cluster has nothing of it.
func (f *foundation) goneFrom(i rig.Instance, there kubernetes.Interface) {
	f.t.Helper()
	f.delete(i)
	namespaces, err := there.CoreV1().Namespaces().List(f.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + f.namespace(i)})
	f.must(err)
	if len(namespaces.Items) != 0 {
		f.t.Errorf("namespace %s is left", f.namespace(i))
	}
}

// TestPlanCluster has instances live on the cluster of their plan.
func TestPlanCluster(t *testing.T) {
	t.Parallel()
	there := newElsewhere(t)
	t.Run("another cluster", func(t *testing.T) { anotherCluster(t, there) })
	t.Run("other credentials", func(t *testing.T) { otherCredentials(t, there) })
	t.Run("two plans", func(t *testing.T) { twoPlans(t, there) })
	t.Run("orphans", func(t *testing.T) { orphansElsewhere(t, there) })
}

// anotherCluster keeps an instance where it is, whatever becomes of its plan.
func anotherCluster(t *testing.T, there elsewhere) {
	folder := shelf(t, "charts/fixture")
	offerElsewhere(t, folder, kubeconfigOf(t, there.Cluster))
	f := newFoundation(t, folder, nil)
	i, here := f.create("fixture", "remote", nil), f.create("fixture", "plain", nil)
	f.livesOn(i, there.kube, kube, "10.77.", "1")
	f.livesOn(here, kube, there.kube, "10.255.", "1")
	for _, move := range []struct{ from, to rig.Instance }{{i, here}, {here, i}} {
		refused := f.want(422)(f.Update(t.Context(), move.from, map[string]any{"plan_id": move.to.Plan.ID}))
		if !strings.Contains(refused.Description(), "another cluster") {
			t.Errorf("a change of cluster was refused with %s", refused.Body)
		}
	}

	// The plan moves to the broker's own cluster: new instances go there, the
	// old one stays, also with the next process.
	offerElsewhere(t, folder, kubeconfigOf(t, shared))
	f.reload()
	moved := f.create("fixture", "remote", nil)
	f.livesOn(moved, kube, there.kube, "10.255.", "1")
	f.livesOn(i, there.kube, kube, "10.77.", "2")
	f.must(f.broker.Stop())
	f.start()
	f.livesOn(i, there.kube, kube, "10.77.", "3")

	offerElsewhere(t, folder, nil)
	f.reload()
	f.livesOn(i, there.kube, kube, "10.77.", "4")
	f.must(f.broker.Stop())
	f.start()
	f.goneFrom(i, there.kube)
	f.goneFrom(moved, kube)
}

// otherCredentials are used once they are there, also for instances that were
// made with older ones, and told nobody.
func otherCredentials(t *testing.T, there elsewhere) {
	folder := shelf(t, "charts/fixture")
	first, firstToken := there.account(t, "first")
	offerElsewhere(t, folder, first)
	f := newFoundation(t, folder, map[string]string{"LOG_LEVEL": "debug"})
	i := f.create("fixture", "remote", nil)
	f.livesOn(i, there.kube, kube, "10.77.", "1")

	second, secondToken := there.account(t, "second")
	offerElsewhere(t, folder, second)
	f.reload()
	there.revoke(t, "first")
	f.livesOn(i, there.kube, kube, "10.77.", "2")
	later := f.create("fixture", "remote", nil)

	// Without the plan, there is only what came with the instances' charts:
	// for the first, credentials that are worth nothing any more.
	offerElsewhere(t, folder, nil)
	f.reload()
	f.goneFrom(later, there.kube)
	o := f.ended(i, f.want(202)(f.Deprovision(t.Context(), i)).Operation())
	if o.State != "gone" {
		if !strings.Contains(o.Description, "credentials") {
			t.Errorf("the delete ended as %+v, which doesn't say what to do", o)
		}
		offerElsewhere(t, folder, second)
		f.reload()
		f.goneFrom(i, there.kube)
	}
	for _, token := range []string{firstToken, secondToken} {
		if strings.Contains(f.broker.Log(), token) {
			t.Error("the log holds a cluster's token")
		}
	}
}

// twoPlans have one cluster and an account each: the one's must not serve the
// other's instances.
func twoPlans(t *testing.T, there elsewhere) {
	folder := shelf(t, "charts/fixture")
	other, _ := there.account(t, "other")
	own, _ := there.account(t, "own")
	offerElsewhere(t, folder, own)
	for name, text := range map[string][]byte{
		"plans/other.kubeconfig": other,
		"plans.yaml":             []byte("- {name: other, file: plain.yaml, allowed_parameters: [number], credentials: other.kubeconfig}\n- {name: remote, file: plain.yaml, allowed_parameters: [number], credentials: remote.kubeconfig}\n"),
	} {
		if err := os.WriteFile(filepath.Join(folder, "fixture", name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	there.revoke(t, "other")
	f := newFoundation(t, folder, nil)
	i := f.create("fixture", "remote", nil)
	f.livesOn(i, there.kube, kube, "10.77.", "1")
}
