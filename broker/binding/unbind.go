package binding

import (
	"context"
	"time"
)

// Unbind closes what the binding opened and forgets it. If there is no such
// binding it returns record.ErrNotFound. If the policies can't be closed now,
// the binding stays as a tombstone and the error is a PendingError.
func (s *Bindings) Unbind(ctx context.Context, instanceID, id string) (err error) {
	started := time.Now()
	defer func() { s.metrics.Operation("unbind", err, started) }()
	// The cache may be behind, and then the API server refuses what is written over it.
	b, err := s.records.RecentBinding(instanceID, id)
	if err != nil {
		b, err = s.records.LiveBinding(ctx, instanceID, id)
	}
	if err != nil {
		return err
	}
	return s.access.Revoke(ctx, b)
}
