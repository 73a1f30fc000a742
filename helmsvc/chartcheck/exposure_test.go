package chartcheck_test

import (
	"strings"
	"testing"
)

// TestHostPorts are mistakes, those of hooks and Jobs too, unless the plan
// allows them.
func TestHostPorts(t *testing.T) {
	folder := good().and(files{
		"plans.yaml":          "- {name: small, file: small.yaml, pod_security: privileged}\n- {name: open, file: small.yaml, pod_security: privileged, allow_exposure: true}\n",
		"values.yaml":         "replicas: 1\ntype: NodePort\n",
		"templates/a.yaml":    pod("{hostNetwork: true, containers: [{name: c, " + probed + "}]}"),
		"templates/b.yaml":    "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, ports: [{containerPort: 1, hostPort: 81}]}]}}}}}\n",
		"templates/hook.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: z, annotations: {helm.sh/hook: pre-upgrade}}\nspec: {hostNetwork: true, containers: [{name: c}]}\n",
		"templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\nspec: {hostNetwork: true, containers: [{name: c}]}\n",
	}).write(t)
	report := check(t, folder)
	small, open := report.Charts[0].Plans[0], report.Charts[0].Plans[1]
	want := []string{
		"templates/a.yaml: Pod x: hostNetwork lets", "templates/b.yaml: CronJob nightly: hostPort 81 of container c lets", "templates/hook.yaml: Pod z: hostNetwork lets",
	}
	if len(small.Mistakes) != len(want) || len(small.Warnings) != 1 || !strings.Contains(small.Warnings[0], "type NodePort") {
		t.Errorf("the mistakes %q, the warnings %q", small.Mistakes, small.Warnings)
	}
	for i, m := range small.Mistakes {
		if !strings.HasPrefix(m, want[i]) || !strings.Contains(m, "a broker that enforces access (CF_API_ADDRESS, ENFORCE) refuses the plan") || !strings.Contains(m, "`allow_exposure: true`") {
			t.Errorf("the mistake %q, want %q", m, want[i])
		}
	}
	if len(small.Ports) == 0 || len(small.Credentials) == 0 {
		t.Errorf("the rest wasn't checked: %+v", small)
	}
	if len(open.Mistakes)+len(open.Warnings) != 0 {
		t.Errorf("the plan that allows it has the mistakes %q, the warnings %q", open.Mistakes, open.Warnings)
	}
}
