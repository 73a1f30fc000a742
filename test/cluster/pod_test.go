package cluster_test

import (
	"context"
	"net/netip"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

func TestPodsGetReadyWithAddressesOfTheirOwn(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	const replicas = 30
	labels := map[string]string{"app": "web"}
	_, err := client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(replicas)),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					InitContainers: []corev1.Container{{Name: "init", Image: "init"}},
					Containers:     []corev1.Container{{Name: "web", Image: "web"}},
				},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "Deployment available", func(ctx context.Context) (bool, error) {
		web, err := client.AppsV1().Deployments(namespace).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && web.Status.AvailableReplicas == replicas, err
	})

	pods, err := client.CoreV1().Pods(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	network, nodes, owner := netip.MustParsePrefix(podCIDR), map[string]bool{}, map[string]string{}
	for _, pod := range pods.Items {
		if pod.Status.PodIP == "" {
			continue
		}
		ip, err := netip.ParseAddr(pod.Status.PodIP)
		if err != nil || !network.Contains(ip) {
			t.Errorf("pod %s has address %q, want one of %s", pod.Name, pod.Status.PodIP, podCIDR)
		}
		if other, taken := owner[pod.Status.PodIP]; taken {
			t.Errorf("pods %s and %s both have address %s", pod.Name, other, pod.Status.PodIP)
		}
		owner[pod.Status.PodIP], nodes[pod.Spec.NodeName] = pod.Name, true
	}
	if len(owner) < replicas || len(nodes) != 3 {
		t.Errorf("%d pods on %d nodes have an address, want at least %d on 3", len(owner), len(nodes), replicas)
	}
}

func TestJobEndsAsItsImageSays(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	for _, test := range []struct {
		name, image string
		restart     corev1.RestartPolicy
		want        batchv1.JobConditionType
	}{
		{"good", "migrate", corev1.RestartPolicyNever, batchv1.JobComplete},
		{"bad", cluster.ImageCrash, corev1.RestartPolicyNever, batchv1.JobFailed},
		{"bad-in-place", cluster.ImageCrash, corev1.RestartPolicyOnFailure, batchv1.JobFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			jobs := client.BatchV1().Jobs(namespace)
			_, err := jobs.Create(t.Context(), &batchv1.Job{
				ObjectMeta: metav1.ObjectMeta{Name: test.name},
				Spec: batchv1.JobSpec{
					BackoffLimit: new(int32(0)),
					Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
						RestartPolicy: test.restart,
						Containers:    []corev1.Container{{Name: "main", Image: test.image}},
					}},
				},
			}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var ended batchv1.JobConditionType
			eventually(t, "end of the Job", func(ctx context.Context) (bool, error) {
				job, err := jobs.Get(ctx, test.name, metav1.GetOptions{})
				if err != nil {
					return false, err
				}
				for _, c := range job.Status.Conditions {
					if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
						ended = c.Type
					}
				}
				return ended != "", nil
			})
			if ended != test.want {
				t.Errorf("the Job is %s, want %s", ended, test.want)
			}
		})
	}
}

func TestRestartedPodComesBackWithAnotherAddress(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	newPod(t, client, namespace, "p", "", "web")
	before := awaitPod(t, client, namespace, "p", ready)

	address, err := shared.RestartPod(t.Context(), namespace, "p")
	if err != nil {
		t.Fatal(err)
	}
	after := awaitPod(t, client, namespace, "p", ready)
	if address == before.Status.PodIP || after.Status.PodIP != address || len(after.Status.PodIPs) != 1 {
		t.Errorf("address %s before, %s returned, %v after", before.Status.PodIP, address, after.Status.PodIPs)
	}
	if after.UID != before.UID || after.Status.ContainerStatuses[0].RestartCount != 1 {
		t.Errorf("want the same pod with one restart, got UID %s for %s and status %+v", after.UID, before.UID, after.Status)
	}
	if _, err := shared.RestartPod(t.Context(), namespace, "no-such-pod"); !apierrors.IsNotFound(err) {
		t.Errorf("restarting a pod that doesn't exist: %v, want not found", err)
	}
}

func TestClaimIsBoundAndItsVolumeGoesWithIt(t *testing.T) {
	client := clientOf(t, shared)
	namespace := newNamespace(t, client, nil)
	claims := client.CoreV1().PersistentVolumeClaims(namespace)
	_, err := claims.Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var volume string
	eventually(t, "claim bound", func(ctx context.Context) (bool, error) {
		claim, err := claims.Get(ctx, "data", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		volume = claim.Spec.VolumeName
		return claim.Status.Phase == corev1.ClaimBound, nil
	})
	if _, err := client.CoreV1().PersistentVolumes().Get(t.Context(), volume, metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := claims.Delete(t.Context(), "data", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "volume gone", func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().PersistentVolumes().Get(ctx, volume, metav1.GetOptions{})
		return apierrors.IsNotFound(err), err
	})
}
