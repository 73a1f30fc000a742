package chartcheck_test

import (
	"strings"
	"testing"
)

// TestPodSecurity holds each plan's pods, hooks included, against its standard, and
// says which one would do.
func TestPodSecurity(t *testing.T) {
	folder := good().and(files{
		"plans.yaml":       "- {name: small, file: small.yaml}\n- {name: open, file: small.yaml, pod_security: privileged}\n- {name: strict, file: small.yaml, pod_security: restricted}\n",
		"templates/a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: tune, annotations: {helm.sh/hook: pre-install}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: sysctl, securityContext: {privileged: true}}]}}}\n",
	}).write(t)
	const tune = "templates/a.yaml: Job tune: Kubernetes refuses its pods by the Pod Security Standard "
	for _, plan := range check(t, folder).Charts[0].Plans {
		var want []string
		enough := "privileged"
		switch plan.Name {
		case "small":
			want = []string{tune + `baseline: privileged (container "sysctl" must not set securityContext.privileged=true); change the chart, or set ` + "`pod_security: privileged` in plans.yaml"}
		case "strict":
			want = []string{"templates/deployment.yaml: Deployment k-iwohtgpu-db: Kubernetes refuses its pods by the Pod Security Standard restricted: ", tune + "restricted: "}
		case "open":
			enough = ""
		}
		if len(plan.Mistakes) != len(want) || plan.PodSecurity != enough {
			t.Fatalf("plan %s: the mistakes %q, needs %q", plan.Name, plan.Mistakes, plan.PodSecurity)
		}
		for i, m := range plan.Mistakes {
			if !strings.HasPrefix(m, want[i]) {
				t.Errorf("plan %s: the mistake %q, want %q", plan.Name, m, want[i])
			}
		}
	}
	if got := text(t, check(t, folder)); strings.Count(got, "    needs pod_security: privileged\n") != 2 {
		t.Error(got)
	}
}
