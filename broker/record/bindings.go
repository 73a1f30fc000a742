package record

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// CreateBinding claims the binding's id within its instance. It returns
// ErrExists if the id is taken.
func (s *Store) CreateBinding(ctx context.Context, b Binding) (Binding, error) {
	return create(ctx, s, b)
}

// UpdateBinding writes the binding back. It returns ErrConflict if somebody
// else has written or deleted it since it was read.
func (s *Store) UpdateBinding(ctx context.Context, b Binding) (Binding, error) {
	return update(ctx, s, b)
}

// DeleteBinding removes the record, or returns ErrConflict if it has changed
// since it was read. One that is gone already is no error.
func (s *Store) DeleteBinding(ctx context.Context, b Binding) error {
	return remove(ctx, s, b)
}

// LiveBinding reads from the API server. It returns ErrNotFound if there is
// none.
func (s *Store) LiveBinding(ctx context.Context, instanceID, id string) (Binding, error) {
	return live[Binding](ctx, s, bindingName(instanceID, id))
}

// Bindings reads the bindings in a state from the cache.
func (s *Store) Bindings(state BindingState) []Binding {
	var bindings []Binding
	for _, object := range s.informer.GetStore().List() {
		secret, ok := object.(*corev1.Secret)
		if !ok || secret.Labels[kindLabel] != bindingKind {
			continue
		}
		if b, err := decode[Binding](secret); err == nil && b.State == state {
			bindings = append(bindings, b)
		}
	}
	return bindings
}

// LiveBindings reads the bindings of one instance from the API server: what a
// policy is needed for can't be told from a cache that lags. Records that are
// damaged are left out, and returned as one error beside the others.
func (s *Store) LiveBindings(ctx context.Context, instanceID string) ([]Binding, error) {
	list, err := s.secrets.List(ctx, metav1.ListOptions{LabelSelector: labels.Set{kindLabel: bindingKind, instanceLabel: instanceID}.String()})
	if err != nil {
		return nil, fmt.Errorf("listing the bindings' records: %w", err)
	}
	bindings := make([]Binding, 0, len(list.Items))
	var damaged []error
	for i := range list.Items {
		b, err := decode[Binding](&list.Items[i])
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		bindings = append(bindings, b)
	}
	if len(damaged) > 0 {
		return bindings, fmt.Errorf("%w: %w", ErrDamaged, errors.Join(damaged...))
	}
	return bindings, nil
}
