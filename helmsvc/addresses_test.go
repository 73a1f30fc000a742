package helmsvc_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestReadyAddresses finds the pods of a shared service that are Ready.
func TestReadyAddresses(t *testing.T) {
	p := newPlace(t)
	dns := map[string]string{"k8s-app": "kube-dns"}
	check := func(want ...string) {
		t.Helper()
		_, err := p.ReadyAddresses(t.Context(), p.ns.Name, dns)
		if err == nil {
			t.Fatal("there is one")
		}
		for _, w := range append(want, p.ns.Name, "k8s-app=kube-dns") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("error %q doesn't say %q", err, w)
			}
		}
	}
	check("0 are there")
	broken := simplePod("broken")
	broken.Labels = dns
	broken.Spec.Containers = []corev1.Container{{Name: "c", Image: "fault.local/never-ready/x:1"}}
	newPod(t, p.ns.Name, broken)
	check("1 are there")
	var want []string
	for _, name := range []string{"b", "a", "other"} {
		pod := simplePod(name)
		if name != "other" {
			pod.Labels = dns
		}
		newPod(t, p.ns.Name, pod)
		p.awaitReady(name)
		made, err := clients.CoreV1().Pods(p.ns.Name).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if name != "other" {
			want = append(want, made.Status.PodIP)
		}
	}
	slices.Sort(want)
	if got, err := p.ReadyAddresses(t.Context(), p.ns.Name, dns); err != nil || !slices.Equal(got, want) {
		t.Errorf("the addresses are %v, %v; want %v", got, err, want)
	}
	if _, err := p.ReadyAddresses(t.Context(), p.ns.Name, nil); err == nil || !strings.Contains(err.Error(), p.ns.Name) {
		t.Errorf("without labels: %v", err)
	}
}
