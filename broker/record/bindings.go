package record

import (
	"context"

	corev1 "k8s.io/api/core/v1"
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

// Binding reads from the cache. It returns ErrNotFound if there is none.
func (s *Store) Binding(instanceID, id string) (Binding, error) {
	return cached[Binding](s, bindingName(instanceID, id))
}

// RecentBinding is the binding as this process has last written or seen it. It returns
// ErrNotFound if it has done neither, which doesn't say that there is none.
func (s *Store) RecentBinding(instanceID, id string) (Binding, error) {
	object, found, err := s.written.GetByKey(s.namespace + "/" + bindingName(instanceID, id))
	if err != nil || !found {
		return Binding{}, ErrNotFound
	}
	return decode[Binding](object.(*corev1.Secret))
}

// Seen changes with whatever the cache has seen; "" says nothing.
func (s *Store) Seen() string { return s.informer.GetStore().LastStoreSyncResourceVersion() }

// Bindings reads the bindings from the cache, by their states.
func (s *Store) Bindings() map[BindingState][]Binding {
	all := map[BindingState][]Binding{}
	for _, b := range cachedAll[Binding](s, bindingKind) {
		all[b.State] = append(all[b.State], b)
	}
	return all
}

// BindingsOf reads the bindings of one instance from the cache, without those
// that are damaged.
func (s *Store) BindingsOf(instanceID string) []Binding { return s.indexed(byInstance, instanceID) }

// Operators reads the access of the operators from the cache. It is asked for each
// instance that is followed, so it must not go through all bindings.
func (s *Store) Operators() []Binding { return s.indexed(byOperator, "true") }

func (s *Store) indexed(index, value string) []Binding {
	found, err := s.informer.GetIndexer().ByIndex(index, value)
	if err != nil {
		return nil // there is no such index: NewStore has made it
	}
	return decodeAll[Binding](found, bindingKind)
}

// LiveBindings reads the bindings of one instance from the API server: what a
// policy is needed for can't be told from a cache that lags. Records that are
// damaged are left out, and returned as one error beside the others.
func (s *Store) LiveBindings(ctx context.Context, instanceID string) ([]Binding, error) {
	return list[Binding](ctx, s, labels.Set{kindLabel: bindingKind, instanceLabel: instanceID})
}
