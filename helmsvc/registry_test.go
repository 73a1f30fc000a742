package helmsvc_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

const (
	registry   = "registry.example.com:5000/team"
	pullSecret = "cf-helm-broker-registry"
)

var login = manifest.Registry{Server: "https://" + registry + "/", Username: "puller", Password: "first", Email: "puller@example.com"}

// use connects to the cluster anew, as the next process does.
func (p *place) use(config tenant.Config) {
	p.t.Helper()
	c, err := helmsvc.NewCluster(local.RESTConfig(), helmsvc.Config{Tenants: config})
	if err != nil {
		p.t.Fatal(err)
	}
	p.Cluster = c
}

// withRegistry is a place whose namespace was made with the registry set.
func withRegistry(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	p.use(tenant.Config{Registry: login})
	if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) pods() map[string]corev1.PodSpec {
	p.t.Helper()
	list, err := clients.CoreV1().Pods(p.target.Namespace).List(p.t.Context(), metav1.ListOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	found := map[string]corev1.PodSpec{}
	for _, pod := range list.Items {
		found[pod.Labels["app"]] = pod.Spec
	}
	return found
}

func imagesOf(spec corev1.PodSpec) (images []string) {
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		name, found := strings.CutPrefix(c.Image, registry+"/")
		if !found {
			name = "not of the registry: " + c.Image
		}
		images = append(images, name)
	}
	return images
}

func secretsOf(spec corev1.PodSpec) (names []string) {
	for _, s := range spec.ImagePullSecrets {
		names = append(names, s.Name)
	}
	return names
}

// TestRegistryKinds takes every pod's images from the registry, whatever makes
// the pod.
func TestRegistryKinds(t *testing.T) {
	p := withRegistry(t)
	once := "restartPolicy: Never,"
	hook := strings.Replace(object("batch/v1", "Job", "hook", "{template: "+podTemplate("hook", once, "a/hook:1")+"}"),
		"{name: hook}", "{name: hook, annotations: {helm.sh/hook: pre-install}}", 1)
	sub := chartOf("sub", map[string]string{"d.yaml": object("apps/v1", "Deployment", "sub", workload("sub", "", "a/sub:1"))})
	c := chartOf("kinds", map[string]string{
		"hook.yaml": hook,
		"pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: pod, labels: {app: pod}}\nspec: {containers: [" +
			containers("a/pod:1") + "]}\n",
		"pt.yaml":  "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: pt}\ntemplate: " + podTemplate("pt", "", "a/pt:1") + "\n",
		"dep.yaml": object("apps/v1", "Deployment", "dep", workload("dep", "initContainers: [{name: i, image: a/init}],", "a/dep:1")),
		"sts.yaml": object("apps/v1", "StatefulSet", "sts", workload("sts", "", "a/sts:1")),
		"ds.yaml":  object("apps/v1", "DaemonSet", "ds", workload("ds", "", "a/ds:1")),
		"rs.yaml":  object("apps/v1", "ReplicaSet", "rs", workload("rs", "", "a/rs:1")),
		"rc.yaml":  object("v1", "ReplicationController", "rc", "{selector: {app: rc}, template: "+podTemplate("rc", "", "a/rc:1")+"}"),
		"job.yaml": object("batch/v1", "Job", "job", "{template: "+podTemplate("job", once, "a/job:1")+"}"),
		"cron.yaml": object("batch/v1", "CronJob", "cron", `{schedule: "0 0 31 2 *", jobTemplate: {spec: {template: `+
			podTemplate("cron", once, "a/cron:1")+"}}}"),
		"list.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: listed, labels: {app: listed}}, spec: {containers: [" +
			containers("a/listed:1") + "]}}\n",
	}, sub)
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err != nil {
		t.Fatal(err)
	}
	made := p.pods()
	cron, err := clients.BatchV1().CronJobs(p.ns.Name).Get(t.Context(), "cron", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made["cron"] = cron.Spec.JobTemplate.Spec.Template.Spec
	template, err := clients.CoreV1().PodTemplates(p.ns.Name).Get(t.Context(), "pt", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made["pt"] = template.Template.Spec
	for _, name := range []string{"hook", "pod", "pt", "dep", "sts", "ds", "rs", "rc", "job", "cron", "sub", "listed"} {
		want := []string{name + ":1"}
		if name == "dep" {
			want = []string{"init", "dep:1"}
		}
		if got := imagesOf(made[name]); !slices.Equal(got, want) {
			t.Errorf("images of %s are %q, want %q", name, got, want)
		}
		if got := secretsOf(made[name]); !slices.Equal(got, []string{pullSecret}) {
			t.Errorf("pull Secrets of %s are %q", name, got)
		}
	}
}

// TestRegistryNames renames as Kibosh does, and changes no name twice.
func TestRegistryNames(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0a", 32)
	names := [][2]string{
		{"mysql", "mysql"},
		{"mysql:8", "mysql:8"},
		{"bitnami/mysql:8", "mysql:8"},
		{"quay.example.com/a/b/mysql:8", "mysql:8"},
		{"localhost:5000/mysql", "mysql"},
		{"bitnami/mysql" + digest, "mysql" + digest},
		{"localhost:5000/bitnami/mysql:8" + digest, "mysql:8" + digest},
		{registry + "/deep/mysql:8", "deep/mysql:8"},
		{"registry.example.com:5000/team2/mysql:8", "mysql:8"},
	}
	var images, want []string
	for _, n := range names {
		images, want = append(images, n[0]), append(want, n[1])
	}
	p := withRegistry(t)
	c := chartOf("names", map[string]string{"d.yaml": object("apps/v1", "Deployment", "d", workload("d", "", images...))})
	if err := p.Install(t.Context(), p.target, chart.Rendered{Chart: c}, nil); err != nil {
		t.Fatal(err)
	}
	if got := imagesOf(p.pods()["d"]); !slices.Equal(got, want) {
		t.Errorf("images are %q, want %q", got, want)
	}
}

// TestRegistryUpgrade keeps to the registry on an upgrade and on the way back,
// and brings an instance to it that was made without.
func TestRegistryUpgrade(t *testing.T) {
	p := newPlace(t)
	version := func(image string) chart.Rendered {
		c := chartOf("d", map[string]string{"d.yaml": object("apps/v1", "Deployment", "d", workload("d", "imagePullSecrets: [{name: own}],", image))})
		return chart.Rendered{Chart: c}
	}
	check := func(when, wantImage string, wantSecrets ...string) {
		t.Helper()
		d, err := clients.AppsV1().Deployments(p.ns.Name).Get(t.Context(), "d", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		spec := d.Spec.Template.Spec
		if spec.Containers[0].Image != wantImage || !slices.Equal(secretsOf(spec), wantSecrets) {
			t.Errorf("%s: image %s, want %s; pull Secrets %q, want %q", when, spec.Containers[0].Image, wantImage, secretsOf(spec), wantSecrets)
		}
	}
	if err := p.Install(t.Context(), p.target, version("a/d:1"), nil); err != nil {
		t.Fatal(err)
	}
	check("without a registry", "a/d:1", "own")
	if _, err := clients.CoreV1().Secrets(p.ns.Name).Get(t.Context(), pullSecret, metav1.GetOptions{}); err == nil {
		t.Error("there is a pull Secret without a registry")
	}

	p.use(tenant.Config{Registry: login})
	if err := p.Upgrade(t.Context(), p.target, version("a/d:1"), nil); err != nil {
		t.Fatal(err)
	}
	check("with the same chart", registry+"/d:1", "own", pullSecret)
	p.checkPullSecret("first")
	if err := p.Upgrade(t.Context(), p.target, version("a/d:2"), nil); err != nil {
		t.Fatal(err)
	}
	check("with another chart", registry+"/d:2", "own", pullSecret)

	limit := newLimit(t)
	quota, err := cluster.Fill(t.Context(), clients, p.ns.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(limit, p.target, version("a/d:3"), limit.upWhen("exceeded quota")); err == nil {
		t.Fatal("the upgrade that can't become ready went well")
	}
	check("after a failed upgrade", registry+"/d:3", "own", pullSecret)
	if err := clients.CoreV1().ResourceQuotas(p.ns.Name).Delete(t.Context(), quota, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	before, err := p.Revision(t.Context(), p.target)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Rollback(t.Context(), p.target, before); err != nil {
		t.Fatal(err)
	}
	check("after going back", registry+"/d:2", "own", pullSecret)

	p.use(tenant.Config{})
	if err := p.Upgrade(t.Context(), p.target, version("a/d:2"), nil); err != nil {
		t.Fatal(err)
	}
	check("without the registry again", "a/d:2", "own", pullSecret)
}
