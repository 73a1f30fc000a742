package record

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// cached reads a record from the watch's cache.
func cached[T any, P entity[T]](s *Store, name string) (T, error) {
	object, found, err := s.informer.GetStore().GetByKey(s.namespace + "/" + name)
	if err != nil || !found {
		return *new(T), ErrNotFound
	}
	return decode[T, P](object.(*corev1.Secret))
}

// cachedAll reads all records of a kind from the watch's cache, without those
// that are damaged.
func cachedAll[T any, P entity[T]](s *Store, kind string) []T {
	return decodeAll[T, P](s.informer.GetStore().List(), kind)
}

func decodeAll[T any, P entity[T]](objects []any, kind string) []T {
	var all []T
	for _, object := range objects {
		secret, ok := object.(*corev1.Secret)
		if !ok || secret.Labels[kindLabel] != kind {
			continue
		}
		if record, err := decode[T, P](secret); err == nil {
			all = append(all, record)
		}
	}
	return all
}

// live reads a record from the API server.
func live[T any, P entity[T]](ctx context.Context, s *Store, name string) (T, error) {
	secret, err := s.secrets.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return *new(T), ErrNotFound
	}
	if err != nil {
		return *new(T), fmt.Errorf("reading record %s: %w", name, err)
	}
	return decode[T, P](secret)
}

// list reads the records with these labels from the API server. Those that
// are damaged are left out, and returned as one error beside the others.
func list[T any, P entity[T]](ctx context.Context, s *Store, with labels.Set) ([]T, error) {
	found, err := s.secrets.List(ctx, metav1.ListOptions{LabelSelector: with.String()})
	if err != nil {
		return nil, fmt.Errorf("listing the records of each %s: %w", with[kindLabel], err)
	}
	return decodeList[T, P](found.Items)
}

// decodeList reads what Secrets record, but for those that are damaged.
func decodeList[T any, P entity[T]](secrets []corev1.Secret) ([]T, error) {
	records := make([]T, 0, len(secrets))
	var damaged damagedList
	for i := range secrets {
		record, err := decode[T, P](&secrets[i])
		var unreadable *DamagedError
		if errors.As(err, &unreadable) {
			damaged = append(damaged, unreadable)
			continue
		}
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	if len(damaged) > 0 {
		return records, damaged
	}
	return records, nil
}
