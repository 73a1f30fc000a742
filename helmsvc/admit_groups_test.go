package helmsvc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// guardGroups installs the deployed policy in the cluster that all tests share,
// and returns when it is in effect. It is for labelled namespaces only.
var guardGroups = sync.OnceValue(func() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := admission(ctx, "policy-group.yaml"); err != nil {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "group-probe", Labels: map[string]string{"cf-helm-broker.io/policy-destination": "instance"}}}
	if _, err := clients.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return refusesGroup(claimGroup(ctx, clients, namespace.Name, uuid.NewString())), nil
	})
})

// claimGroup tries to make a pod that names a group.
func claimGroup(ctx context.Context, as kubernetes.Interface, namespace, group string) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "claim-", Annotations: map[string]string{podgroup.Annotation: group}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "a/x:1"}}},
	}
	_, err := as.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

func refusesGroup(err error) bool {
	return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "a pod's policy group is its service instance's")
}

// guarded is a place with groups of its own, where the instance acts and the
// cluster compares what pods name.
func guarded(t *testing.T) (*place, kubernetes.Interface) {
	t.Helper()
	if err := guardGroups(); err != nil {
		t.Fatal(err)
	}
	p := grouped(t)
	p.use(tenant.Config{Impersonate: true})
	p.ns.Labels = map[string]string{"cf-helm-broker.io/policy-destination": "workload"}
	p.ns.Isolation = new(tenant.Isolation)
	if _, err := p.EnsureNamespace(t.Context(), p.ns); err != nil {
		t.Fatal(err)
	}
	instance, err := kubernetes.NewForConfig(tenant.AsInstance(local.RESTConfig(), p.ns.Name))
	if err != nil {
		t.Fatal(err)
	}
	return p, instance
}

// listed are the groups that the namespace admits, as "Kind/name" of those given.
func (p *place) listed(workloads ...string) (names []string) {
	p.t.Helper()
	found, err := clients.CoreV1().Namespaces().Get(p.t.Context(), p.ns.Name, metav1.GetOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	groups := strings.Split(found.Annotations[tenant.PolicyGroupsAnnotation], ",")
	for _, workload := range workloads {
		kind, name, _ := strings.Cut(workload, "/")
		if at := slices.Index(groups, p.of(kind, name)); at >= 0 {
			names, groups = append(names, workload), slices.Delete(groups, at, at+1)
		}
	}
	if len(groups) > 0 && groups[0] != "" {
		p.t.Errorf("the namespace admits %d more groups: %q", len(groups), groups)
	}
	return names
}

// TestAdmittedGroups: an instance's pods may name the groups of its own
// workloads, whatever makes them, from before they are made, through an upgrade
// and back; and no other's.
func TestAdmittedGroups(t *testing.T) {
	p, instance := guarded(t)
	pod := func(name string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec: {containers: [" + containers("a/pod:1") + "]}\n"
	}
	hook := hooked(object("batch/v1", "Job", "hook", "{template: "+podTemplate("hook", "restartPolicy: Never,", "a/hook:1")+"}"), "pre-install,pre-upgrade")
	first := plan(false, hook, pod("bare"), object("apps/v1", "Deployment", "dep", workload("dep", "", "a/dep:1")))
	if err := p.Install(t.Context(), p.target, first, nil); err != nil {
		t.Fatal(err)
	}
	all := []string{"Job/hook", "Pod/bare", "Deployment/dep", "Pod/bare2", "StatefulSet/sts"}
	check := func(when string, want ...string) {
		t.Helper()
		if got := p.listed(all...); !slices.Equal(got, want) {
			t.Errorf("%s: the namespace admits %q, want %q", when, got, want)
		}
	}
	check("installed", all[:3]...)
	for name, group := range map[string]string{"another's": uuid.NewString(), "another workload's": podgroup.OfWorkload(uuid.NewString(), "Deployment", "dep"), "a list": p.of("Deployment", "dep") + "," + p.of("Pod", "bare")} {
		if err := claimGroup(t.Context(), instance, p.ns.Name, group); !refusesGroup(err) {
			t.Errorf("%s group: %v", name, err)
		}
	}
	for name, group := range map[string]string{"the namespace's": p.target.PolicyGroups, "a workload's": p.of("Deployment", "dep"), "none": ""} {
		if err := claimGroup(t.Context(), instance, p.ns.Name, group); err != nil {
			t.Errorf("%s group: %v", name, err)
		}
	}
	second := plan(false, pod("bare2"), object("apps/v1", "StatefulSet", "sts", workload("sts", "", "a/sts:1")))
	if err := p.Upgrade(t.Context(), p.target, second, nil); err != nil {
		t.Fatal(err)
	}
	check("upgraded", all...)
	if err := p.Upgrade(t.Context(), p.target, second, nil); err != nil {
		t.Fatal(err)
	}
	check("once more", all[3:]...)
	if err := p.Rollback(t.Context(), p.target, 1); err != nil {
		t.Fatal(err)
	}
	check("rolled back", all...)
	if err := p.Upgrade(t.Context(), p.target, first, nil); err != nil {
		t.Fatal(err)
	}
	check("as it is", all[:3]...)
}

// TestNoWorkloads: an instance without workloads may name no group at all.
func TestNoWorkloads(t *testing.T) {
	p, instance := guarded(t)
	if err := claimGroup(t.Context(), instance, p.ns.Name, uuid.NewString()); err != nil {
		t.Errorf("an instance from before there were lists: %v", err)
	}
	if err := p.Install(t.Context(), p.target, plan(false, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"), nil); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		return refusesGroup(claimGroup(ctx, instance, p.ns.Name, uuid.NewString())), nil
	})
	if err != nil {
		t.Error("it may name any group")
	}
}

// TestTooManyGroups: what doesn't fit on the namespace is said, and nothing made.
func TestTooManyGroups(t *testing.T) {
	p := grouped(t)
	var many []string
	for n := range 6001 {
		many = append(many, "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: rc"+fmt.Sprint(n)+"}\nspec: {template: {}}\n")
	}
	err := p.Install(t.Context(), p.target, plan(false, many...), nil)
	if want := "the chart has 6001 workloads"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if len(p.releases()) != 0 {
		t.Error("there is a release")
	}
	most := p.of("Pod", "x") + strings.Repeat(","+uuid.NewString(), 5999)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "most-groups", Annotations: map[string]string{tenant.PolicyGroupsAnnotation: most}, Labels: map[string]string{"cf-helm-broker.io/policy-destination": "workload"}}}
	if err := guardGroups(); err != nil {
		t.Fatal(err)
	}
	if _, err := clients.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := claimGroup(t.Context(), clients, ns.Name, uuid.NewString()); !refusesGroup(err) {
		t.Errorf("another's group, beside as many as there can be: %v", err)
	}
}
