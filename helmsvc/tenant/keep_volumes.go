package tenant

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// KeepVolumes has the volumes of a namespace's claims outlive it: their reclaim
// policy becomes Retain, and they are annotated, so that they can be found. It
// returns their names. Claims without a volume have nothing to keep.
func (n *Namespaces) KeepVolumes(ctx context.Context, namespace string, annotations map[string]string) ([]string, error) {
	claims, err := n.clients.CoreV1().PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the claims of namespace %s: %w", namespace, err)
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"annotations": annotations},
		"spec":     map[string]any{"persistentVolumeReclaimPolicy": corev1.PersistentVolumeReclaimRetain},
	})
	if err != nil {
		return nil, err
	}
	var kept []string
	for _, claim := range claims.Items {
		volume := claim.Spec.VolumeName
		if volume == "" || claim.Status.Phase != corev1.ClaimBound {
			continue // anybody can name another's volume; only Kubernetes binds to it
		}
		_, err := n.clients.CoreV1().PersistentVolumes().Patch(ctx, volume, types.MergePatchType, patch, metav1.PatchOptions{})
		if apierrors.IsNotFound(err) {
			continue // the claim has lost it already
		}
		if err != nil {
			return nil, fmt.Errorf("keeping the volume %s of claim %s: %w", volume, claim.Name, err)
		}
		kept = append(kept, volume)
	}
	slices.Sort(kept)
	return kept, nil
}
