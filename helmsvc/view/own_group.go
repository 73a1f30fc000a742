package view

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// instanceGroup returns the policy group of the pods' namespace if any of the
// pods names one of its own, else nothing.
func (r *Reader) instanceGroup(ctx context.Context, namespace string, pods []corev1.Pod) (string, error) {
	if !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Annotations[podgroup.Annotation] != "" }) {
		return "", nil
	}
	found, err := r.clients.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("reading the policy group of namespace %s: %w", namespace, err)
	}
	return found.Annotations[podgroup.Annotation], nil
}
