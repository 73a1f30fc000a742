package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// How a wish for a reload looks: one Secret, whose annotation changes. It
// holds nothing; it is a Secret since those are what replicas watch.
const (
	reloadName       = "reload"
	reloadKind       = "reload"
	reloadAnnotation = "cf-helm-broker.io/reload-id"
)

// AskReload asks all replicas to read their charts again and returns the id
// by which this one knows its own wish; see OnReload.
func (s *Store) AskReload(ctx context.Context) (id string, err error) {
	id = uuid.NewString()
	wish := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: reloadName, Labels: map[string]string{kindLabel: reloadKind}, Annotations: map[string]string{reloadAnnotation: id},
	}, Type: SecretType}
	_, err = s.secrets.Create(ctx, wish, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = s.secrets.Update(ctx, wish, metav1.UpdateOptions{})
	}
	if err != nil {
		return "", fmt.Errorf("asking the other replicas to read their charts: %w", err)
	}
	return id, nil
}

// OnReload calls asked with the id of every wish, the last one of the past
// included.
func (s *Store) OnReload(asked func(id string)) error {
	return s.on(reloadKind, func(secret, _, _ *corev1.Secret) { asked(secret.Annotations[reloadAnnotation]) })
}
