package e2e

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// documented is the kubeconfig of an account with the rights that
// deploy/kubernetes/rbac.yaml gives to the broker's, for records in the
// foundation's own namespace.
func (f *foundation) documented() (kubeconfig string) {
	f.t.Helper()
	if f.account != "" {
		return f.account
	}
	text, err := os.Open(filepath.Join(manifests, "rbac.yaml"))
	f.must(err)
	defer func() { _ = text.Close() }()
	const name = "as-documented"
	ctx, namespace := f.t.Context(), f.settings["BROKER_NAMESPACE"]
	cluster := metav1.ObjectMeta{Name: name + "-" + namespace}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}}
	for documents := yaml.NewYAMLOrJSONDecoder(text, 4096); ; {
		var role struct {
			Kind  string              `json:"kind"`
			Rules []rbacv1.PolicyRule `json:"rules"`
		}
		if err := documents.Decode(&role); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			f.t.Fatal(err)
		}
		switch role.Kind {
		case "ClusterRole":
			_, err = kube.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: cluster, Rules: role.Rules}, metav1.CreateOptions{})
			f.must(err)
			_, err = kube.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
				ObjectMeta: cluster, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: role.Kind, Name: cluster.Name}, Subjects: subjects,
			}, metav1.CreateOptions{})
			f.must(err)
		case "Role":
			f.account = f.accountIn(namespace, name, role.Rules)
		}
	}
	return f.account
}

// accountIn makes an account with a Role of these rules, and its kubeconfig.
func (f *foundation) accountIn(namespace, name string, rules []rbacv1.PolicyRule) (kubeconfig string) {
	f.t.Helper()
	ctx, meta := f.t.Context(), metav1.ObjectMeta{Name: name}
	_, err := kube.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	f.must(err)
	_, err = kube.RbacV1().Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	f.must(err)
	_, err = kube.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: meta.Name}},
	}, metav1.CreateOptions{})
	f.must(err)
	issued, err := kube.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, meta.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	f.must(err)
	config := clientcmdapi.NewConfig()
	config.Clusters["c"] = &clientcmdapi.Cluster{Server: shared.RESTConfig().Host, CertificateAuthorityData: shared.RESTConfig().CAData}
	config.AuthInfos["u"] = &clientcmdapi.AuthInfo{Token: issued.Status.Token}
	config.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = "x"
	text, err := clientcmd.Write(*config)
	f.must(err)
	kubeconfig = filepath.Join(f.t.TempDir(), "kubeconfig")
	f.must(os.WriteFile(kubeconfig, text, 0o600))
	return kubeconfig
}
