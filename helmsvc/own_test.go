package helmsvc_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestStrangersNamespace has somebody else's namespace bear an instance's name:
// nothing is written into it, and nothing in it is uninstalled, even where it
// holds a release of the instance's name.
func TestStrangersNamespace(t *testing.T) {
	for name, annotations := range map[string]map[string]string{
		"unmarked":           nil,
		"another instance's": {tenant.InstanceAnnotation: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if err := p.install(t.Context(), `{}`, nil); err != nil {
				t.Fatal(err)
			}
			p.use(tenant.Config{Impersonate: true})
			p.annotate(annotations)
			var conflict *tenant.ConflictError
			if _, err := p.Revision(t.Context(), p.target); !errors.As(err, &conflict) {
				t.Errorf("of Revision: %v", err)
			}
			if _, err := p.View(t.Context(), p.ns.Name); !errors.As(err, &conflict) {
				t.Errorf("of View: %v", err)
			}
			if err := p.Uninstall(t.Context(), p.target); err != nil {
				t.Errorf("of Uninstall: %v", err)
			}
			if len(p.releases()) != 1 {
				t.Error("the stranger's release is gone")
			}
			_, err := clients.CoreV1().ServiceAccounts(p.ns.Name).Get(t.Context(), tenant.InstanceAccount, metav1.GetOptions{})
			_, bindingErr := clients.RbacV1().RoleBindings(p.ns.Name).Get(t.Context(), tenant.InstanceAccount, metav1.GetOptions{})
			if !apierrors.IsNotFound(err) || !apierrors.IsNotFound(bindingErr) {
				t.Errorf("an account was made there: %v, %v", err, bindingErr)
			}
		})
	}
}

// TestTwinsNamespace has a namespace of the instance's name be that of another one
// that would have the same.
func TestTwinsNamespace(t *testing.T) {
	p := newPlace(t)
	if err := p.install(t.Context(), `{}`, nil); err != nil {
		t.Fatal(err)
	}
	p.use(tenant.Config{Impersonate: true})
	twin := p.target.Instance[:8] + uuid.NewString()[8:]
	p.annotate(map[string]string{tenant.InstanceAnnotation: twin})
	var conflict *tenant.ConflictError
	if _, err := p.Revision(t.Context(), p.target); !errors.As(err, &conflict) {
		t.Errorf("of Revision: %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Errorf("of Uninstall: %v", err)
	}
	if err := p.DeleteNamespace(t.Context(), p.ns, func(string) {}); err != nil {
		t.Errorf("of DeleteNamespace: %v", err)
	}
	if len(p.releases()) != 1 {
		t.Error("the twin's release is gone")
	}
	for own, want := range map[string]bool{p.target.Instance: true, twin: false} {
		have, err := p.Taken(t.Context(), tenant.Namespace{Name: p.ns.Name, Annotations: map[string]string{owner: own}, Owner: owner})
		if err != nil || have != want {
			t.Errorf("for %s it is taken: %v, %v", own, have, err)
		}
	}
}

// annotate gives the place's namespace these annotations and no other.
func (p *place) annotate(annotations map[string]string) {
	p.t.Helper()
	namespaces := clients.CoreV1().Namespaces()
	have, err := namespaces.Get(p.t.Context(), p.ns.Name, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	changed := have.DeepCopy()
	changed.Annotations = annotations
	if _, err := namespaces.Update(p.t.Context(), changed, metav1.UpdateOptions{}); err != nil {
		p.t.Fatal(err)
	}
}

// TestKiboshsNamespace is an instance's, too.
func TestKiboshsNamespace(t *testing.T) {
	p := newPlace(t)
	own := tenant.KiboshNamespace(p.ns.Annotations[owner])
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: own.Name, Labels: own.OwnerLabels}}
	if _, err := clients.CoreV1().Namespaces().Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.use(tenant.Config{Impersonate: true})
	p.target.Namespace = own.Name
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
	if _, err := clients.RbacV1().RoleBindings(own.Name).Get(t.Context(), tenant.InstanceAccount, metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}
