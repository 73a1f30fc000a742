package cluster_test

import (
	"context"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

func TestServiceAccountMayDoWhatItsRolesSay(t *testing.T) {
	admin := clientOf(t, shared)
	namespace := newNamespace(t, admin, nil)
	account := clientOfServiceAccount(t, admin, namespace, "default")

	_, err := account.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Fatalf("without a role: %v, want forbidden", err)
	}
	_, err = admin.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "admin"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "default"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "right given by a role", func(ctx context.Context) (bool, error) {
		_, err := account.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{})
		return err == nil, err
	})
	_, err = account.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("in another namespace: %v, want forbidden", err)
	}
}

func TestAdmissionRefusesWhatAClusterRefuses(t *testing.T) {
	client := clientOf(t, shared)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec:       corev1.PodSpec{HostNetwork: true, Containers: []corev1.Container{{Name: "c", Image: "web"}}},
	}

	restricted := newNamespace(t, client, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	if _, err := client.CoreV1().Pods(restricted).Create(t.Context(), pod, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a pod against the pod security standard: %v, want forbidden", err)
	}

	full := newNamespace(t, client, nil)
	if _, err := cluster.Fill(t.Context(), client, full); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Pods(full).Create(t.Context(), pod, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a pod beyond the quota: %v, want forbidden", err)
	}
}

func clientOfServiceAccount(t *testing.T, admin kubernetes.Interface, namespace, name string) kubernetes.Interface {
	t.Helper()
	token, err := admin.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(shared.RESTConfig())
	config.BearerToken = token.Status.Token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
