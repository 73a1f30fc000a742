package release

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (s *session) claims() ([]corev1.PersistentVolumeClaim, error) {
	clients, err := s.KubernetesClientSet()
	if err != nil {
		return nil, err
	}
	live, err := clients.CoreV1().PersistentVolumeClaims(s.client.Namespace).List(s.client.ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the claims of the service instance: %w", err)
	}
	return live.Items, nil
}
