package helmsvc_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bounded"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
)

// TestWaitIsBounded: a wait for readiness keeps a namespace's pods, and ends
// when there is too much of them.
func TestWaitIsBounded(t *testing.T) {
	p := confined(t)
	long := map[string]string{"long": strings.Repeat("x", 250<<10)}
	fill := sync.OnceFunc(func() {
		for n := range 40 {
			_, err := clients.CoreV1().Pods(p.ns.Name).Create(t.Context(), &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("large-%d", n), Annotations: long},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "registry.example/app:1"}}},
			}, metav1.CreateOptions{})
			if err != nil {
				t.Error(err)
			}
		}
	})
	err := p.install(t.Context(), `{"image":"fault.local/never-ready:1"}`, func(readiness.Progress) { fill() })
	var beyond *bounded.TooMuchError
	if !errors.As(err, &beyond) || beyond.Resource != "pods" {
		t.Errorf("the install's error is %v", err)
	}
}

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
	var beyond *bounded.TooMuchError
	if !errors.As(err, &beyond) || beyond.Resource != "secrets" || beyond.Namespace != p.ns.Name {
		t.Errorf("the view's error is %v", err)
	}
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Errorf("the uninstall fails: %v", err)
	}
}
