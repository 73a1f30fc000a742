package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// Retry has an operation that failed begin again, as a new operation with the
// whole time limit, and returns that. It only writes the wish into the record:
// the running broker carries it through.
//
// A delete undoes whatever is there, so it can always begin again. So can a
// create, as long as its chart is kept: what the failed attempt left is taken up,
// or removed first, as after a crash, and nobody was promised any of it. A
// failed update was rolled back, and what it was to lead to isn't recorded any
// more: it is refused.
func (in *Inspector) Retry(ctx context.Context, id string) (Operation, error) {
	i, err := in.find(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	if err := in.retryable(ctx, i); err != nil {
		return Operation{}, err
	}
	// No request began it; the id finds it in the log.
	i.Operation = record.NewOperation(i.Operation.Type, record.Origin{CorrelationID: uuid.NewString()})
	i, err = in.records.UpdateInstance(ctx, i)
	if err != nil {
		return Operation{}, changed(fmt.Errorf("recording the new %s: %w", i.Operation.Type, err))
	}
	return operationOf(i.Operation), nil
}

// retryable returns why the instance's operation can't begin again; nil if it
// can.
func (in *Inspector) retryable(ctx context.Context, i record.Instance) error {
	switch o := i.Operation; {
	case o.Running() && o.HeldUp != "":
		return fmt.Errorf("its %s is running and tried again by itself; it is held up by: %s", o.Type, o.HeldUp)
	case o.Running():
		return fmt.Errorf("its %s is running; nothing has failed so far", o.Type)
	case o.State != record.Failed:
		return fmt.Errorf("nothing failed: its last %s succeeded", o.Type)
	case o.Type == record.Modify:
		return errors.New("an update that failed was rolled back, and what it was to lead to isn't kept; have it updated again through the platform, as with cf update-service")
	case o.Type == record.Delete:
		return nil
	}
	_, err := in.records.LiveChart(ctx, i.Chart.Digest)
	if errors.Is(err, record.ErrNotFound) {
		return fmt.Errorf("version %s of the chart %s, which it was to be made from, isn't kept any more; have it deleted and created again through the platform", i.Chart.Version, i.Chart.Name)
	}
	return err
}
