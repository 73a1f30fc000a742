package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestNothingHoldsAnInstance deletes instances whose namespaces' owners have done
// what they could against it.
func TestNothingHoldsAnInstance(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	for name, attack := range map[string]func(rig.Instance){
		"another role, with a finalizer": f.swapRole,
		"forged records":                 f.forgeRecords,
		"no account": func(i rig.Instance) {
			f.must(kube.CoreV1().ServiceAccounts(f.namespace(i)).Delete(t.Context(), tenant.InstanceAccount, metav1.DeleteOptions{}))
			f.must(kube.RbacV1().RoleBindings(f.namespace(i)).Delete(t.Context(), tenant.InstanceAccount, metav1.DeleteOptions{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := f.create("fixture", "plain", nil)
			attack(i)
			f.delete(i)
			if pods := f.pods(i); len(pods) > 0 {
				t.Errorf("%d pods run on", len(pods))
			}
		})
	}
}

// swapRole has the instance's account bound to another role, and holds that.
func (f *foundation) swapRole(i rig.Instance) {
	f.t.Helper()
	bindings := kube.RbacV1().RoleBindings(f.namespace(i))
	f.must(bindings.Delete(f.t.Context(), tenant.InstanceAccount, metav1.DeleteOptions{}))
	_, err := bindings.Create(f.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: tenant.InstanceAccount, Finalizers: []string{"example.com/hold"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: f.namespace(i), Name: tenant.InstanceAccount}},
	}, metav1.CreateOptions{})
	f.must(err)
}

// forgeRecords replaces the release's records by ones that can't be read.
func (f *foundation) forgeRecords(i rig.Instance) {
	f.t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := writer.Write([]byte(`{"manifest":"` + strings.Repeat("x", 1<<10)))
	f.must(err)
	f.must(writer.Close())
	release := []byte(base64.StdEncoding.EncodeToString(packed.Bytes()))
	secrets, name := kube.CoreV1().Secrets(f.namespace(i)), tenant.ReleaseName(i.ID)
	f.must(secrets.DeleteCollection(f.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"}))
	for version := range 20 {
		_, err := secrets.Create(f.t.Context(), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Name:   fmt.Sprintf("sh.helm.release.v1.%s.v%d", name, version+1),
				Labels: map[string]string{"owner": "helm", "name": name, "version": fmt.Sprint(version + 1), "status": "deployed"},
			},
			Type: "helm.sh/release.v1", Data: map[string][]byte{"release": release},
		}, metav1.CreateOptions{})
		f.must(err)
	}
}

// TestDeadWebhook has every deletion in the instance's namespace wait for a
// webhook that isn't there: the platform is told at once, and the delete ends
// as soon as that is gone.
func TestDeadWebhook(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	end := f.deadWebhook(i)
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	f.eventually("the platform is told of the webhook", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return strings.HasPrefix(o.Description, "deleting the namespace; in the way: ") && strings.Contains(o.Description, "dead.example.com")
	})
	end()
	f.delete(i)
}

func (f *foundation) deadWebhook(i rig.Instance) (end func()) {
	f.t.Helper()
	hooks := kube.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	none, fail, nowhere := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Fail, "https://127.0.0.1:1/"
	_, err := hooks.Create(f.t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: f.namespace(i)},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "dead.example.com", SideEffects: &none, FailurePolicy: &fail, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      admissionregistrationv1.WebhookClientConfig{URL: &nowhere},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": f.namespace(i)}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Delete},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"services", "configmaps"}},
			}},
		}},
	}, metav1.CreateOptions{})
	f.must(err)
	end = func() { _ = hooks.Delete(context.Background(), f.namespace(i), metav1.DeleteOptions{}) }
	f.t.Cleanup(end)
	return end
}
