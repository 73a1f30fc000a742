package helmsvc_test

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
)

// TestViewIsBounded: of a namespace that holds too many Secrets, all small
// enough for Kubernetes, the view says so.
func TestViewIsBounded(t *testing.T) {
	p := confined(t)
	if err := p.Install(t.Context(), p.target, rendered(mapOf), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := p.View(t.Context(), p.ns.Name); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("large-%d", n)}, Data: map[string][]byte{"k": make([]byte, 1000<<10)}}
		if _, err := clients.CoreV1().Secrets(p.ns.Name).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.View(t.Context(), p.ns.Name)
	var beyond *helmsvc.TooMuchError
	if !errors.As(err, &beyond) || beyond.Resource != "secrets" || beyond.Namespace != p.ns.Name {
		t.Errorf("the view's error is %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Errorf("the uninstall fails: %v", err)
	}
}
