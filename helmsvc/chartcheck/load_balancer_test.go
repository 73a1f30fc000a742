package chartcheck_test

import (
	"strings"
	"testing"
)

// TestAwaitedBalancer warns of what waits for a load balancer's address, where its
// Service doesn't get one.
func TestAwaitedBalancer(t *testing.T) {
	const balanced = "replicas: 1\ntype: LoadBalancer"
	initial := func(fields, volumes string) string {
		return pod("{containers: [{name: c, " + probed + "}], initContainers: [{name: discover, image: k, " + fields + "}]" + volumes + "}")
	}
	const asks = `command: [sh, -c, "until kubectl get svc x -o jsonpath='{.status.loadBalancer.ingress[0].ip}'; do sleep 1; done"]`
	const script = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: scripts}\ndata: {run.sh: \"# waits\\nkubectl get svc -o json | jq .status.loadBalancer\\n\"}\n"
	const comment = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: scripts}\ndata: {run.sh: \"# not status.loadBalancer\\ntrue\\n\"}\n"
	const mounts, volume = "volumeMounts: [{name: s, mountPath: /s}]", ", volumes: [{name: s, configMap: {name: scripts}}]"
	job := "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x, annotations: {helm.sh/hook: post-install}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: discover, " + asks + "}]}}}\n"
	for name, c := range map[string]struct {
		change files
		want   string
	}{
		"init container":    {files{"values.yaml": balanced, "templates/x.yaml": initial(asks, "")}, "Pod x: the init container discover seems to wait for a load balancer's address, which Service k-iwohtgpu-db doesn't get"},
		"a script of it":    {files{"values.yaml": balanced, "templates/x.yaml": initial(mounts, volume) + "\n---\n" + script}, "Pod x: the init container discover seems to wait"},
		"a hook":            {files{"values.yaml": balanced, "templates/x.yaml": job}, "Job x: the container discover seems to wait"},
		"a comment":         {files{"values.yaml": balanced, "templates/x.yaml": initial(mounts, volume) + "\n---\n" + comment}, ""},
		"nothing to ask":    {files{"values.yaml": balanced, "templates/x.yaml": initial("command: [sh]", "")}, ""},
		"no load balancer":  {files{"templates/x.yaml": initial(asks, "")}, ""},
		"exposure is fine":  {files{"values.yaml": balanced, "templates/x.yaml": initial(asks, ""), "plans.yaml": "- {name: small, file: small.yaml, allow_exposure: true}\n"}, ""},
		"others' ConfigMap": {files{"values.yaml": balanced, "templates/x.yaml": initial("command: [sh]", volume) + "\n---\n" + script}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			for _, w := range check(t, good().and(files{"plans.yaml": ""}).and(c.change).write(t)).Charts[0].Plans[0].Warnings {
				if strings.Contains(w, "seems to wait") {
					found = append(found, w)
				}
			}
			if c.want == "" && len(found) != 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)) {
				t.Errorf("the warnings %q, want %q", found, c.want)
			}
		})
	}
}
