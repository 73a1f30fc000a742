package helmsvc_test

import (
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// TestPodSecurity: pods that Kubernetes would refuse are refused before anything is
// made or changed, and those that a webhook puts right aren't.
func TestPodSecurity(t *testing.T) {
	p := newPlace(t)
	p.use(tenant.Config{PodSecurity: "baseline"})
	p.ns.Isolation = new(tenant.Isolation)
	p.ensure()
	const sysctl = "initContainers: [{name: sysctl, image: a/s, securityContext: {privileged: true}}],"
	bad := plan(false, mapOf, object("apps/v1", "Deployment", "d", workload("d", sysctl, "a/d")))
	check := func(err error) {
		t.Helper()
		var insecure *manifest.InsecureError
		if !errors.As(err, &insecure) || !strings.Contains(err.Error(), `Deployment d (templates/c.yaml): privileged (container "sysctl" must not set securityContext.privileged=true); change the chart, or set`) {
			t.Fatalf("error %v", err)
		}
	}
	check(p.Install(t.Context(), p.target, bad, nil))
	if len(p.releases()) != 0 {
		t.Error("something was made of the chart")
	}
	if err := p.Install(t.Context(), p.target, plan(false, mapOf), nil); err != nil {
		t.Fatal(err)
	}
	check(p.Upgrade(t.Context(), p.target, bad, nil))
	p.mutatesAll("", "pods", func(*admissionv1.AdmissionRequest) string {
		return `[{"op": "replace", "path": "/spec/initContainers/0/securityContext", "value": {}}]`
	})
	if err := p.Upgrade(t.Context(), p.target, bad, nil); err != nil {
		t.Errorf("of pods that a webhook puts right: %v", err)
	}
	p.use(tenant.Config{})
	if err := p.Uninstall(t.Context(), p.target); err != nil {
		t.Fatal(err)
	}
}
