package helmsvc_test

import (
	"context"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// claim makes a claim of this name, for the volume if one is named.
func (p *place) claim(name, volume string) {
	p.t.Helper()
	claims := clients.CoreV1().PersistentVolumeClaims(p.target.Namespace)
	_, err := claims.Create(p.t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
			VolumeName:  volume,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
}

// bound waits until the claim is bound and returns its volume's name.
func (p *place) bound(name string) (volume string) {
	p.t.Helper()
	claims := clients.CoreV1().PersistentVolumeClaims(p.target.Namespace)
	err := wait.PollUntilContextTimeout(p.t.Context(), 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		claim, err := claims.Get(ctx, name, metav1.GetOptions{})
		volume = claim.Spec.VolumeName
		return claim.Status.Phase == corev1.ClaimBound, err
	})
	if err != nil {
		p.t.Fatalf("claim %s: %v", name, err)
	}
	return volume
}

// TestKeepVolumes keeps the volumes that a namespace's claims are bound to. A
// claim may name another's volume, as anybody's chart can: that stays as it is.
func TestKeepVolumes(t *testing.T) {
	victim := newPlace(t)
	victim.claim("data", "")
	foreign := victim.bound("data")
	p := anotherPlace(t)
	p.claim("data", "")
	own := p.bound("data")
	p.claim("theirs", foreign)
	p.claim("nobodys", "no-such-volume")

	kept, err := p.KeepVolumes(t.Context(), p.target.Namespace, map[string]string{owner: "kept"})
	if err != nil || !slices.Equal(kept, []string{own}) {
		t.Errorf("kept %v, %v, want %s", kept, err, own)
	}
	for name, want := range map[string]struct {
		policy corev1.PersistentVolumeReclaimPolicy
		mark   string
	}{own: {corev1.PersistentVolumeReclaimRetain, "kept"}, foreign: {corev1.PersistentVolumeReclaimDelete, ""}} {
		volume, err := clients.CoreV1().PersistentVolumes().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if volume.Spec.PersistentVolumeReclaimPolicy != want.policy || volume.Annotations[owner] != want.mark {
			t.Errorf("volume %s is %s with annotations %v, want %s, %q", name, volume.Spec.PersistentVolumeReclaimPolicy, volume.Annotations, want.policy, want.mark)
		}
	}
	t.Cleanup(func() {
		_ = clients.CoreV1().PersistentVolumes().Delete(context.Background(), own, metav1.DeleteOptions{})
	})
}
