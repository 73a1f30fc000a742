package e2e

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestKeepData leaves the volumes of a plan that says so, and nothing of
// another's.
func TestKeepData(t *testing.T) {
	f := newFoundation(t, "charts-keep", nil)
	for plan, kept := range map[string]bool{"kept": true, "lost": false} {
		i := f.create("keep", plan, nil)
		claim, err := kube.CoreV1().PersistentVolumeClaims(f.namespace(i)).Get(t.Context(), "data", metav1.GetOptions{})
		f.must(err)
		f.delete(i)
		volume := func() (*corev1.PersistentVolume, error) {
			return kube.CoreV1().PersistentVolumes().Get(t.Context(), claim.Spec.VolumeName, metav1.GetOptions{})
		}
		if !kept {
			f.eventually("the volume is gone", func() bool { _, err := volume(); return apierrors.IsNotFound(err) })
			continue
		}
		f.eventually("the volume is released", func() bool {
			v, err := volume()
			f.must(err)
			return v.Status.Phase == corev1.VolumeReleased
		})
		v, err := volume()
		f.must(err)
		if v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimRetain || v.Annotations["cf-helm-broker.io/instance-id"] != i.ID {
			t.Errorf("the volume has policy %s and annotations %v", v.Spec.PersistentVolumeReclaimPolicy, v.Annotations)
		}
		t.Cleanup(func() {
			_ = kube.CoreV1().PersistentVolumes().Delete(context.Background(), v.Name, metav1.DeleteOptions{})
		})
	}
}
