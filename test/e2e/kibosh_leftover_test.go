package e2e

import (
	"context"
	"maps"

	"github.com/google/uuid"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// kiboshInstance is an instance as Kibosh left it: a namespace with labels,
// objects in it, and no record. The labels given are laid over Kibosh's; empty
// ones are left out.
func (f *foundation) kiboshInstance(labels map[string]string) rig.Instance {
	f.t.Helper()
	i := f.instance("orders", "small")
	all := map[string]string{
		"serviceID": i.Service.ID, "planID": i.Plan.ID, "instanceID": i.ID, "app.kubernetes.io/managed-by": "kibosh",
		"organizationGUID": uuid.NewString(), "spaceGUID": uuid.NewString(),
	}
	maps.Copy(all, labels)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	name := kiboshNamespace(i)
	_, err := kube.CoreV1().Namespaces().Create(f.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all}}, metav1.CreateOptions{})
	f.must(err)
	f.t.Cleanup(func() { _ = kube.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{}) })
	f.fill(name)
	return i
}

func kiboshNamespace(i rig.Instance) string { return "kibosh-" + i.ID }

// fill makes what Tiller would have made of a chart, and waits until it runs.
func (f *foundation) fill(namespace string) {
	f.t.Helper()
	ctx, meta := f.t.Context(), metav1.ObjectMeta{Name: "db"}
	_, err := kube.CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"password": "x"}}, metav1.CreateOptions{})
	f.must(err)
	_, err = kube.CoreV1().PersistentVolumeClaims(namespace).Create(ctx, &corev1.PersistentVolumeClaim{ObjectMeta: meta, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}, metav1.CreateOptions{})
	f.must(err)
	labels := map[string]string{"app": "db"}
	_, err = kube.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "db", Image: "registry.example.com/db:1"}},
				Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "db"},
				}}},
			},
		},
	}}, metav1.CreateOptions{})
	f.must(err)
	f.eventually("the old instance's pod running", func() bool {
		d, err := kube.AppsV1().Deployments(namespace).Get(ctx, "db", metav1.GetOptions{})
		return err == nil && d.Status.ReadyReplicas == 1
	})
}

// goneFromKibosh fails unless the delete ends well and leaves nothing.
func (f *foundation) goneFromKibosh(i rig.Instance, operation string) {
	f.t.Helper()
	if o := f.ended(i, operation); o.State != "gone" {
		f.t.Fatalf("the delete ended as %q: %s", o.State, o.Description)
	}
	f.nothingLeft(i)
	_, err := kube.CoreV1().Namespaces().Get(f.t.Context(), kiboshNamespace(i), metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		f.t.Errorf("namespace %s is left: %v", kiboshNamespace(i), err)
	}
	f.eventually("the volume being gone", func() bool {
		volumes, err := kube.CoreV1().PersistentVolumes().List(f.t.Context(), metav1.ListOptions{})
		f.must(err)
		for _, v := range volumes.Items {
			if v.Spec.ClaimRef != nil && v.Spec.ClaimRef.Namespace == kiboshNamespace(i) {
				return false
			}
		}
		return true
	})
}
