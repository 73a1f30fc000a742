package helmsvc_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// checkPullSecret looks at what lets pods pull that no chart describes.
func (p *place) checkPullSecret(password string) {
	p.t.Helper()
	secret, err := clients.CoreV1().Secrets(p.ns.Name).Get(p.t.Context(), pullSecret, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	want := fmt.Sprintf(`{"auths":{"%s":{"email":"puller@example.com","password":"%s","username":"puller"}}}`, registry, password)
	if got := string(secret.Data[".dockerconfigjson"]); secret.Type != "kubernetes.io/dockerconfigjson" || got != want {
		p.t.Errorf("the pull Secret is a %s of %s, want %s", secret.Type, got, want)
	}
	account, err := clients.CoreV1().ServiceAccounts(p.ns.Name).Get(p.t.Context(), "default", metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	if own := (corev1.LocalObjectReference{Name: pullSecret}); !slices.Contains(account.ImagePullSecrets, own) {
		p.t.Errorf("the default ServiceAccount has the pull Secrets %v", account.ImagePullSecrets)
	}
}

// TestPullSecret follows the password, and keeps what the ServiceAccount had.
func TestPullSecret(t *testing.T) {
	p := withRegistry(t)
	p.checkPullSecret("first")
	accounts := clients.CoreV1().ServiceAccounts(p.ns.Name)
	patch := []byte(`{"imagePullSecrets":[{"name":"other"}]}`)
	if _, err := accounts.Patch(t.Context(), "default", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	rotated := login
	rotated.Password = "second"
	p.use(tenant.Config{Registry: rotated})
	for range 2 {
		if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
			t.Fatal(err)
		}
	}
	p.checkPullSecret("second")
	account, err := accounts.Get(t.Context(), "default", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []corev1.LocalObjectReference{{Name: "other"}, {Name: pullSecret}}; !slices.Equal(account.ImagePullSecrets, want) {
		t.Errorf("the default ServiceAccount has the pull Secrets %v, want %v", account.ImagePullSecrets, want)
	}
	view, err := p.View(t.Context(), p.ns.Name)
	if err != nil || len(view.Secrets) != 0 {
		t.Errorf("a binding sees %d Secrets, %v", len(view.Secrets), err)
	}
}

// TestOpenRegistry asks for no password and so needs no Secret.
func TestOpenRegistry(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{Registry: manifest.Registry{Server: registry}})
	if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
		t.Fatal(err)
	}
	c := chartOf("d", map[string]string{"d.yaml": object("apps/v1", "Deployment", "d", workload("d", "", "a/d:1"))})
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err != nil {
		t.Fatal(err)
	}
	pod := p.pods()["d"]
	if images := imagesOf(pod); !slices.Equal(images, []string{"d:1"}) || len(secretsOf(pod)) != 0 {
		t.Errorf("images %q, pull Secrets %q", images, secretsOf(pod))
	}
	if _, err := clients.CoreV1().Secrets(p.ns.Name).Get(t.Context(), pullSecret, metav1.GetOptions{}); err == nil {
		t.Error("there is a pull Secret")
	}
}

// TestPullSecretDropped: when nodes log in by themselves, no namespace keeps the
// password, and the ServiceAccount keeps what else it had.
func TestPullSecretDropped(t *testing.T) {
	p := confinedBy(t, tenant.Config{Registry: login})
	p.checkPullSecret("first")
	accounts := clients.CoreV1().ServiceAccounts(p.ns.Name)
	patch := []byte(`{"imagePullSecrets":[{"name":"` + pullSecret + `"},{"name":"other"}]}`)
	if _, err := accounts.Patch(t.Context(), "default", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	p.use(tenant.Config{Impersonate: true, Registry: manifest.Registry{Server: registry}})
	for range 2 {
		p.ensure()
		if _, err := clients.CoreV1().Secrets(p.ns.Name).Get(t.Context(), pullSecret, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("there is a pull Secret: %v", err)
		}
		account, err := accounts.Get(t.Context(), "default", metav1.GetOptions{})
		if want := []corev1.LocalObjectReference{{Name: "other"}}; err != nil || !slices.Equal(account.ImagePullSecrets, want) {
			t.Errorf("the default ServiceAccount has the pull Secrets %v, %v", account.ImagePullSecrets, err)
		}
	}
}
