package manifest

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/release"
	"k8s.io/pod-security-admission/api"
)

func insecureRelease() *release.Release {
	sts := func(name, more, pod string) string {
		return "---\n# Source: es/templates/" + name + ".yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: " + name + "}\nspec: {" + more + "template: {spec: {" + pod + "}}}\n"
	}
	hook := func(name, event string) *release.Hook {
		return &release.Hook{
			Path: "es/templates/" + name + ".yaml", Events: []release.HookEvent{release.HookEvent(event)},
			Manifest: "apiVersion: batch/v1\nkind: Job\nmetadata: {name: " + name + "}\nspec: {template: {spec: {hostPID: true, containers: [{name: c, image: i}]}}}\n",
		}
	}
	const privileged = "initContainers: [{name: sysctl, image: i, securityContext: {privileged: true}}], containers: [{name: c, image: i}]"
	return &release.Release{
		Manifest: sts("db", "", privileged) + sts("plain", "", "containers: [{name: c, image: i}]") + sts("none", "replicas: 0, ", privileged) +
			sts("probed", "", "containers: [{name: c, image: i, readinessProbe: {tcpSocket: {host: elsewhere, port: 1}}}]") +
			sts("unreadable", "", "containers: 7") + "---\napiVersion: v1\nkind: PodTemplate\nmetadata: {name: pt}\ntemplate: {spec: {hostPID: true, containers: [{name: c, image: i}]}}\n",
		Hooks: []*release.Hook{hook("before", "pre-install"), hook("try", "test")},
	}
}

// TestInsecure names object, file, container and field of each pod that doesn't
// keep to the standard, hooks included, by what the cluster's version knows of it.
func TestInsecure(t *testing.T) {
	const (
		sysctl = `StatefulSet db (templates/db.yaml): privileged (container "sysctl" must not set securityContext.privileged=true)`
		before = `Job before (templates/before.yaml): host namespaces (hostPID=true)`
		probed = `StatefulSet probed (templates/probed.yaml): probe or lifecycle host (container "c" uses probe or lifecycle host "elsewhere")`
	)
	objects, err := Read(insecureRelease())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		level   api.Level
		version api.Version
		cluster string
		want    []string // how each begins
	}{
		"privileged":            {api.LevelPrivileged, api.LatestVersion(), "v1.37.0", nil},
		"baseline":              {api.LevelBaseline, api.LatestVersion(), "v1.37.0", []string{sysctl, probed, before}},
		"of an older cluster":   {api.LevelBaseline, api.LatestVersion(), "v1.33.4-gke.1", []string{sysctl, before}},
		"of an older standard":  {api.LevelBaseline, api.MajorMinorVersion(1, 30), "v1.37.0", []string{sysctl, before}},
		"of a cluster to come":  {api.LevelBaseline, api.LatestVersion(), "v1.60.0", []string{sysctl, probed, before}},
		"restricted":            {api.LevelRestricted, api.LatestVersion(), "v1.37.0", []string{sysctl[:35], `StatefulSet plain (templates/plain.yaml): allowPrivilegeEscalation != false (container "c" must`, probed, before}},
		"a version that is odd": {api.LevelBaseline, api.LatestVersion(), "odd", []string{sysctl, probed, before}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Insecure(objects, api.LevelVersion{Level: c.level, Version: c.version}, c.cluster)
			if err != nil || len(found) != len(c.want) {
				t.Fatalf("%v, %v", found, err)
			}
			for i, p := range found {
				if !strings.HasPrefix(p.String(), c.want[i]) {
					t.Errorf("%s\nwant %s", p, c.want[i])
				}
			}
		})
	}
}

// TestInsecureWords name the level that is enough, where an instance's plan, or an
// operator's namespace, says it.
func TestInsecureWords(t *testing.T) {
	objects, err := Read(insecureRelease())
	if err != nil {
		t.Fatal(err)
	}
	found, err := Insecure(objects, api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, "v1.37.0")
	if err != nil || len(found) != 4 {
		t.Fatalf("%v, %v", found, err)
	}
	plain := found[1:2]
	for name, c := range map[string]struct {
		err  InsecureError
		want string
	}{
		"baseline is enough":    {InsecureError{Standard: "restricted", Pods: plain}, "; change the chart, or set `pod_security: baseline` in plans.yaml"},
		"for all it isn't":      {InsecureError{Standard: "restricted", Pods: found}, "; change the chart, or set `pod_security: privileged` in plans.yaml"},
		"an operator's":         {InsecureError{Standard: "restricted", Namespace: "n", Pods: plain}, "; change the chart, or give the namespace n the label pod-security.kubernetes.io/enforce=baseline"},
		"which standard it was": {InsecureError{Standard: "restricted", Pods: plain}, "don't keep to the Pod Security Standard restricted, so Kubernetes would refuse them: StatefulSet plain (templates/plain.yaml): "},
	} {
		if !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v", name, &c.err)
		}
	}
	for text, want := range map[string]string{
		`pods "d" is forbidden: violates PodSecurity "restricted:latest": x`: "set `pod_security: baseline` in plans.yaml, or privileged if that isn't enough",
		`pods "d" is forbidden: violates PodSecurity "baseline:v1.30": x`:    "set `pod_security: privileged` in plans.yaml",
		`pods "d" is forbidden: exceeded quota`:                              "exceeded quota",
	} {
		if got := ExplainPodSecurity(text); !strings.HasPrefix(got, text) || !strings.HasSuffix(got, want) {
			t.Errorf("%q", got)
		}
	}
}
