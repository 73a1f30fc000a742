package e2e

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

// TestKiboshInstanceOnPlansCluster deletes an instance of a plan that has a
// cluster of its own: Kibosh made it there, and the delete names the plan.
func TestKiboshInstanceOnPlansCluster(t *testing.T) {
	t.Parallel()
	other, err := cluster.Start(t.Context(), cluster.Options{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Stop() })
	there, err := kubernetes.NewForConfig(other.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(kiboshCharts, "orders"))); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, folder, map[string]string{
		"plans.yaml": "- {name: eu, file: small.yaml, credentials: eu.yaml}\n", "plans/eu.yaml": flattened(t, other.RESTConfig()),
	})
	f := newFoundationOn(t, shared, folder, nil)
	i := f.instance("orders", "eu")
	labels := map[string]string{"instanceID": i.ID, "app.kubernetes.io/managed-by": "kibosh"}
	_, err = there.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: kiboshNamespace(i), Labels: labels}}, metav1.CreateOptions{})
	f.must(err)
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	if o := f.ended(i, operation); o.State != "gone" {
		t.Fatalf("the delete ended as %q: %s", o.State, o.Description)
	}
	if _, err := there.CoreV1().Namespaces().Get(t.Context(), kiboshNamespace(i), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace is left: %v", err)
	}
}

// flattened is a kubeconfig that stands by itself.
func flattened(t *testing.T, c *rest.Config) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["c"] = &clientcmdapi.Cluster{Server: c.Host, CertificateAuthorityData: c.CAData}
	config.AuthInfos["u"] = &clientcmdapi.AuthInfo{ClientCertificateData: c.CertData, ClientKeyData: c.KeyData, Token: c.BearerToken}
	config.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	config.CurrentContext = "x"
	text, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
