package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// attacked is an instance of the chart in charts-attack, and the tenant beside
// it that has a secret.
type attacked struct {
	*helmsvc.Cluster
	t      *testing.T
	target tenant.Target
	victim string
}

const marked = "the victim's password"

// attack makes a namespace as the broker does, on a cluster of this kind.
func attack(t *testing.T, config tenant.Config) attacked {
	t.Helper()
	c, err := helmsvc.NewCluster(shared.RESTConfig(), helmsvc.Config{Tenants: config})
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.NewString()
	a := attacked{Cluster: c, t: t, target: tenant.TargetOf("attack", id), victim: "victim-" + id}
	makeNamespace(t, a.victim)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "password"}, StringData: map[string]string{"password": marked}}
	if _, err := kube.CoreV1().Secrets(a.victim).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const owner = "cf-helm-broker.io/instance-id"
	namespace := tenant.Namespace{Name: a.target.Namespace, Owner: owner, Annotations: map[string]string{owner: id}, Isolation: new(tenant.Isolation)}
	if _, err := c.EnsureNamespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Uninstall(context.Background(), a.target, nil)
		_ = kube.CoreV1().Namespaces().Delete(context.Background(), a.target.Namespace, metav1.DeleteOptions{})
	})
	return a
}

func (a attacked) install(parameters map[string]string) error {
	a.t.Helper()
	catalog, err := chart.Load("charts-attack")
	if err != nil || len(catalog.Services) != 1 {
		a.t.Fatalf("%d services, %v, %v", len(catalog.Services), catalog.Problems, err)
	}
	parameters["victim"] = a.victim
	text, err := json.Marshal(parameters)
	if err != nil {
		a.t.Fatal(err)
	}
	s := catalog.Services[0]
	what, err := s.Render(a.t.Context(), s.Plans[0], a.target.Release, a.target.Namespace, text)
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	return a.Install(ctx, a.target, what, nil)
}

// TestAttacks makes each attempt twice: without the protection it succeeds.
func TestAttacks(t *testing.T) {
	t.Parallel()
	acts, closes, pods := tenant.Config{Impersonate: true}, tenant.Config{WithoutExposure: true}, tenant.Config{PodSecurity: "baseline"}
	for name, c := range map[string]struct {
		protection tenant.Config
		words      string // of the refusal
		harm       func(a attacked) error
	}{
		"cluster-role-binding": {acts, "ClusterRoleBinding attack-", func(a attacked) error {
			_, err := kube.RbacV1().ClusterRoleBindings().Get(a.t.Context(), a.target.Namespace, metav1.GetOptions{})
			return err
		}},
		"elsewhere": {acts, "ConfigMap planted in namespace victim-", func(a attacked) error {
			_, err := kube.CoreV1().ConfigMaps(a.victim).Get(a.t.Context(), "planted", metav1.GetOptions{})
			return err
		}},
		"role": {acts, "can't grant more than the role admin", func(a attacked) error {
			_, err := kube.RbacV1().Roles(a.target.Namespace).Get(a.t.Context(), "everything", metav1.GetOptions{})
			return err
		}},
		"hook": {closes, "Job hook (templates/hook.yaml): hostNetwork", func(a attacked) error {
			_, err := kube.BatchV1().Jobs(a.target.Namespace).Get(a.t.Context(), "hook", metav1.GetOptions{})
			return err
		}},
		"privileged": {pods, "set `pod_security: privileged` in plans.yaml", func(a attacked) error {
			_, err := kube.CoreV1().Pods(a.target.Namespace).Get(a.t.Context(), "privileged", metav1.GetOptions{})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := attack(t, tenant.Config{})
			if err := open.install(map[string]string{"attempt": name}); err != nil {
				t.Errorf("without the protection: %v", err)
			}
			if err := c.harm(open); err != nil {
				t.Errorf("without the protection nothing was made: %v", err)
			}
			closed := attack(t, c.protection)
			if err := closed.install(map[string]string{"attempt": name}); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("the refusal is %v, want %q", err, c.words)
			}
			if err := c.harm(closed); !apierrors.IsNotFound(err) {
				t.Errorf("it was made: %v", err)
			}
		})
	}
}

// TestLookupThroughParameter looks another namespace's Secret up by a template
// in a parameter, which the chart runs.
func TestLookupThroughParameter(t *testing.T) {
	t.Parallel()
	attempt := func(a attacked) (string, error) {
		note := `{{ index (lookup "v1" "Secret" .Values.victim "password").data "password" | b64dec }}`
		if err := a.install(map[string]string{"note": note}); err != nil {
			return "", err
		}
		found, err := kube.CoreV1().ConfigMaps(a.target.Namespace).Get(t.Context(), "note", metav1.GetOptions{})
		return found.Data["note"], err
	}
	if found, err := attempt(attack(t, tenant.Config{})); err != nil || found != marked {
		t.Errorf("without the protection: %q, %v", found, err)
	}
	_, err := attempt(attack(t, tenant.Config{Impersonate: true}))
	if err == nil || strings.Contains(err.Error(), marked) || !strings.Contains(err.Error(), "confined to its service instance's namespace") {
		t.Errorf("the refusal is %v", err)
	}
}

// TestExposedLater adds a Service of type NodePort to an installed instance,
// with the instance's own rights.
func TestExposedLater(t *testing.T) {
	t.Parallel()
	applyAdmission(t, "exposure")
	attempt := func(a attacked) error {
		if err := a.install(map[string]string{}); err != nil {
			t.Fatal(err)
		}
		config := shared.RESTConfig()
		config.Impersonate.UserName = "system:serviceaccount:" + a.target.Namespace + ":" + tenant.InstanceAccount
		instance, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		service := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "later"},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80}}, Selector: map[string]string{"app": "x"}},
		}
		_, err = instance.CoreV1().Services(a.target.Namespace).Create(t.Context(), service, metav1.CreateOptions{})
		return err
	}
	if err := attempt(attack(t, tenant.Config{Impersonate: true})); err != nil {
		t.Errorf("without the protection: %v", err)
	}
	closed := attack(t, tenant.Config{Impersonate: true, WithoutExposure: true})
	// A policy counts a moment after it was made.
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := attempt(closed)
		if err == nil {
			return false, kube.CoreV1().Services(closed.target.Namespace).Delete(ctx, "later", metav1.DeleteOptions{})
		}
		if !strings.Contains(err.Error(), "a Service of type NodePort is reachable around container-to-container policies") {
			t.Errorf("the refusal is %v", err)
		}
		return true, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestForeignPolicyGroup makes a pod that names another's policy group, and with
// it the access that others have, in an installed instance.
func TestForeignPolicyGroup(t *testing.T) {
	t.Parallel()
	applyAdmission(t, "policy-group")
	a := attack(t, tenant.Config{Impersonate: true})
	if err := a.install(map[string]string{}); err != nil {
		t.Fatal(err)
	}
	const annotation = "cf-helm-broker.io/policy-group-id"
	config := shared.RESTConfig()
	config.Impersonate.UserName = "system:serviceaccount:" + a.target.Namespace + ":" + tenant.InstanceAccount
	instance, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	attempt := func(group string) error {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "grouped-", Annotations: map[string]string{annotation: group}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "registry.example.com/pod:1"}}},
		}
		_, err := instance.CoreV1().Pods(a.target.Namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := attempt(uuid.NewString()); err != nil {
		t.Errorf("without the protection: %v", err)
	}
	own := uuid.NewString()
	patch := []byte(`{"metadata":{"labels":{"cf-helm-broker.io/policy-destination":"instance"},"annotations":{"` + annotation + `":"` + own + `"}}}`)
	if _, err := kube.CoreV1().Namespaces().Patch(t.Context(), a.target.Namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	// A policy counts a moment after it was made, and so does a label.
	err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		err := attempt(uuid.NewString())
		if err != nil && !strings.Contains(err.Error(), "a pod's policy group is its service instance's") {
			t.Errorf("the refusal is %v", err)
		}
		return err != nil, nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := attempt(own); err != nil {
		t.Errorf("the instance's own group: %v", err)
	}
}

// applyAdmission applies a deployed policy.
func applyAdmission(t *testing.T, name string) {
	t.Helper()
	if err := rig.Apply(t.Context(), shared.RESTConfig(), "kubernetes/"+name+".yaml"); err != nil {
		t.Fatal(err)
	}
}
