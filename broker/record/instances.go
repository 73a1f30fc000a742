package record

import "context"

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

// Instance reads from the cache. It returns ErrNotFound if there is none.
func (s *Store) Instance(id string) (Instance, error) {
	return cached[Instance](s, instanceName(id))
}

// LiveInstance reads from the API server. It returns ErrNotFound if there is
// none.
func (s *Store) LiveInstance(ctx context.Context, id string) (Instance, error) {
	return live[Instance](ctx, s, instanceName(id))
}
