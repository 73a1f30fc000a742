package record

import (
	"context"

	"k8s.io/apimachinery/pkg/labels"
)

// AllLiveBindings is LiveBindings for all instances, in one request.
func (s *Store) AllLiveBindings(ctx context.Context) ([]Binding, error) {
	return list[Binding](ctx, s, labels.Set{kindLabel: bindingKind})
}
