package broker

import (
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// succeeded waits for the operation that this request has begun, for as long as
// requests may wait, and tells whether it has succeeded. A repeated request,
// whose operation another has begun, doesn't wait.
func (b *Broker) succeeded(ctx context.Context, i record.Instance) bool {
	return i.Operation.Origin == origin(ctx) && b.worker.Await(ctx, i)
}
