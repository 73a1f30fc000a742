package operation

import (
	"context"
	"errors"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Unbind closes what the binding opened and forgets it. If there is no such
// binding it returns record.ErrNotFound. If the policies can't be closed now,
// the binding stays as a tombstone and the error is a PendingError.
func (e *Engine) Unbind(ctx context.Context, instanceID, id string) (err error) {
	started := time.Now()
	defer func() { e.metrics.Call("unbind", err, started) }()
	b, err := e.records.LiveBinding(ctx, instanceID, id)
	if err != nil {
		return err
	}
	if err := e.revoke(ctx, b, unwanted); !errors.Is(err, errUnsettled) {
		return err
	}
	return nil
}

// revoke closes what the binding opens by an event, and forgets it when that is
// certain.
func (e *Engine) revoke(ctx context.Context, b record.Binding, why event) error {
	unlock, err := e.access.Acquire(ctx, b.InstanceID)
	if err != nil {
		return err
	}
	defer unlock()
	// Whoever held the lock before may have done it.
	if b, err = e.records.LiveBinding(ctx, b.InstanceID, b.ID); err != nil {
		return err
	}
	_, err = e.converge(ctx, b, why, need{})
	return err
}
