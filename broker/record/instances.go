package record

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// CreateInstance claims the instance's id. It returns ErrExists if the id is
// taken.
func (s *Store) CreateInstance(ctx context.Context, i Instance) (Instance, error) {
	return create(ctx, s, i)
}

// UpdateInstance writes the instance back. It returns ErrConflict if somebody
// else has written or deleted it since it was read.
func (s *Store) UpdateInstance(ctx context.Context, i Instance) (Instance, error) {
	return update(ctx, s, i)
}

// DeleteInstance removes the record, or returns ErrConflict if it has changed
// since it was read. One that is gone already is no error.
func (s *Store) DeleteInstance(ctx context.Context, i Instance) error {
	return remove(ctx, s, i)
}

// LiveInstances reads all instances from the API server. Records that are
// damaged are left out, and returned as one error beside the others.
func (s *Store) LiveInstances(ctx context.Context) ([]Instance, error) {
	return list[Instance](ctx, s, labels.Set{kindLabel: instanceKind})
}

// Instances reads all instances from the cache.
func (s *Store) Instances() []Instance { return cachedAll[Instance](s, instanceKind) }

// Instance reads from the cache. It returns ErrNotFound if there is none.
func (s *Store) Instance(id string) (Instance, error) {
	return cached[Instance](s, instanceName(id))
}

// LiveInstance reads from the API server. It returns ErrNotFound if there is
// none.
func (s *Store) LiveInstance(ctx context.Context, id string) (Instance, error) {
	return live[Instance](ctx, s, instanceName(id))
}

// In reads the instances from the cache that have the namespace, or are to have it, on
// whichever cluster.
func (s *Store) In(namespace string) []Instance {
	found, err := s.informer.GetIndexer().ByIndex(byNamespace, namespace)
	if err != nil {
		return nil // there is no such index: NewStore has made it
	}
	return decodeAll[Instance](found, instanceKind)
}

// byNamespace is the index that finds the instances of a namespace.
const byNamespace = "instances-namespace"

func namespaceOf(object any) ([]string, error) {
	secret, ok := object.(*corev1.Secret)
	if !ok || secret.Labels[kindLabel] != instanceKind {
		return nil, nil
	}
	i := readable[Instance](secret)
	if i == nil {
		return nil, nil
	}
	return []string{i.Namespace}, nil
}
