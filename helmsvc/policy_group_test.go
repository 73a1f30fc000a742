package helmsvc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// grouped is a place whose workloads have policy groups of their own.
func grouped(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	p.target.PolicyGroups = p.ns.Annotations[owner]
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{podgroup.Annotation: p.target.PolicyGroups}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clients.CoreV1().Namespaces().Patch(t.Context(), p.ns.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// groups are the policy groups that pods are annotated with, by their label app.
func (p *place) groups() map[string]string {
	p.t.Helper()
	list, err := clients.CoreV1().Pods(p.ns.Name).List(p.t.Context(), metav1.ListOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	found := map[string]string{}
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil {
			found[pod.Labels["app"]] = pod.Annotations[podgroup.Annotation]
		}
	}
	return found
}

// of is the policy group of one of the place's workloads.
func (p *place) of(kind, name string) string {
	return podgroup.OfWorkload(p.ns.Annotations[owner], kind, name)
}

// TestPolicyGroups puts each workload's pods into a group of their own,
// whatever makes them.
func TestPolicyGroups(t *testing.T) {
	p := grouped(t)
	once := "restartPolicy: Never,"
	own := func(template string) string {
		return strings.Replace(template, "metadata: {labels", "metadata: {annotations: {"+podgroup.Annotation+": stolen, other: kept}, labels", 1)
	}
	none := func(template string) string {
		return strings.Replace(template, "metadata: {labels", "metadata: {annotations: null, labels", 1)
	}
	what := plan(false,
		hooked(object("batch/v1", "Job", "hook", "{template: "+podTemplate("hook", once, "a/hook:1")+"}"), "pre-install"),
		"apiVersion: v1\nkind: Pod\nmetadata: {name: pod, annotations: , labels: {app: pod}}\nspec: {containers: ["+containers("a/pod:1")+"]}\n",
		"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: pt}\ntemplate: "+own(podTemplate("pt", "", "a/pt:1"))+"\n",
		object("apps/v1", "Deployment", "dep", own(workload("dep", "", "a/dep:1"))),
		object("apps/v1", "StatefulSet", "sts", none(workload("sts", "", "a/sts:1"))),
		object("apps/v1", "DaemonSet", "ds", workload("ds", "", "a/ds:1")),
		object("apps/v1", "ReplicaSet", "rs", workload("rs", "", "a/rs:1")),
		object("v1", "ReplicationController", "rc", "{selector: {app: rc}, template: "+podTemplate("rc", "", "a/rc:1")+"}"),
		object("batch/v1", "Job", "job", "{template: "+podTemplate("job", once, "a/job:1")+"}"),
		object("batch/v1", "CronJob", "cron", `{schedule: "0 0 31 2 *", jobTemplate: {spec: {template: `+podTemplate("cron", once, "a/cron:1")+"}}}"),
	)
	if err := p.Install(t.Context(), p.target, what, nil); err != nil {
		t.Fatal(err)
	}
	got := p.groups()
	cron, err := clients.BatchV1().CronJobs(p.ns.Name).Get(t.Context(), "cron", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got["cron"] = cron.Spec.JobTemplate.Spec.Template.Annotations[podgroup.Annotation]
	for name, kind := range map[string]string{
		"hook": "Job", "pod": "Pod", "dep": "Deployment", "sts": "StatefulSet", "ds": "DaemonSet", "rs": "ReplicaSet",
		"rc": "ReplicationController", "job": "Job", "cron": "CronJob",
	} {
		if want := p.of(kind, name); got[name] != want {
			t.Errorf("the group of %s %s is %q, want %s", kind, name, got[name], want)
		}
	}
	template, err := clients.CoreV1().PodTemplates(p.ns.Name).Get(t.Context(), "pt", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if group, found := template.Template.Annotations[podgroup.Annotation]; found || template.Template.Annotations["other"] != "kept" {
		t.Errorf("the PodTemplate's group is %q: %v", group, template.Template.Annotations)
	}
	p.checkEndpoints(map[string]string{"pod": p.of("Pod", "pod"), "dep": p.of("Deployment", "dep"), "sts": p.of("StatefulSet", "sts"), "rs": p.of("ReplicaSet", "rs")})
}

// checkEndpoints looks at the groups of endpoints, by the pods' names up to the
// first dash. Each pod is given a Service for it.
func (p *place) checkEndpoints(want map[string]string) {
	p.t.Helper()
	for app := range want {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: app}, Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": app}, Ports: []corev1.ServicePort{{Port: 80}},
		}}
		if _, err := clients.CoreV1().Services(p.ns.Name).Create(p.t.Context(), s, metav1.CreateOptions{}); err != nil {
			p.t.Fatal(err)
		}
	}
	offered, err := p.View(p.t.Context(), p.ns.Name)
	if err != nil {
		p.t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range offered.Endpoints {
		got[e.Name] = e.PolicyGroup
	}
	for app, group := range want {
		if has, found := got[app]; !found || has != group {
			p.t.Errorf("the endpoint of %s has the group %q, want %q (%v)", app, has, group, got)
		}
	}
	if credentials, err := offered.Credentials(); err != nil || strings.Contains(string(credentials), `"PolicyGroup"`) || strings.Contains(string(credentials), `policy_group"`) {
		p.t.Errorf("the group is among the credentials: %s, %v", credentials, err)
	}
}

// TestForeignGroups believes no pod that names a group which isn't its own: a
// policy to it would lead to another tenant.
func TestForeignGroups(t *testing.T) {
	p := grouped(t)
	for name, group := range map[string]string{
		"foreign": uuid.NewString(), "others": p.of("Deployment", "else"), "own": p.of("Pod", "own"), "none": "",
	} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "a/x:1"}}},
		}
		if group != "" {
			pod.Annotations = map[string]string{podgroup.Annotation: group}
		}
		if _, err := clients.CoreV1().Pods(p.ns.Name).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		p.awaitReady(name)
	}
	p.checkEndpoints(map[string]string{"foreign": "", "others": "", "own": p.of("Pod", "own"), "none": ""})
}

func (p *place) awaitReady(pod string) {
	p.t.Helper()
	watch, err := clients.CoreV1().Pods(p.ns.Name).Watch(p.t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + pod})
	if err != nil {
		p.t.Fatal(err)
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		for _, c := range event.Object.(*corev1.Pod).Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				return
			}
		}
	}
	p.t.Fatalf("pod %s didn't become ready", pod)
}

// TestPolicyGroupsUpgrade keeps a workload's group through an upgrade and back,
// and takes away one that the chart names where workloads have none.
func TestPolicyGroupsUpgrade(t *testing.T) {
	p := grouped(t)
	version := func(image string) chart.Rendered {
		template := strings.Replace(workload("dep", "", image), "metadata: {", "metadata: {annotations: {"+podgroup.Annotation+": stolen}, ", 1)
		return plan(false, object("apps/v1", "Deployment", "dep", template),
			hooked(object("batch/v1", "Job", "hook", "{template: "+podTemplate("hook", "restartPolicy: Never,", "a/hook:1")+"}"), "pre-upgrade"))
	}
	check := func(when, want string) {
		t.Helper()
		d, err := clients.AppsV1().Deployments(p.ns.Name).Get(t.Context(), "dep", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Spec.Template.Annotations[podgroup.Annotation]; got != want {
			t.Errorf("%s: the group is %q, want %q", when, got, want)
		}
	}
	if err := p.Install(t.Context(), p.target, version("a/dep:1"), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Upgrade(t.Context(), p.target, version("a/dep:2"), nil); err != nil {
		t.Fatal(err)
	}
	check("upgraded", p.of("Deployment", "dep"))
	if got := p.groups()["hook"]; got != p.of("Job", "hook") {
		t.Errorf("the hook's group is %q", got)
	}
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	check("rolled back", p.of("Deployment", "dep"))
	p.target.PolicyGroups = ""
	if err := p.Upgrade(t.Context(), p.target, version("a/dep:2"), nil); err != nil {
		t.Fatal(err)
	}
	check("without groups", "")
}
