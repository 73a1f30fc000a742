package broker

import (
	"cmp"
	"context"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// forSpace has what a request asks of the API server wait for its space's turn,
// and not behind what that space's operations ask: one of another space waits
// behind neither. space is the request's own, if it names one.
func (b *Broker) forSpace(ctx context.Context, instanceID, space string) context.Context {
	if known, err := b.records.Instance(instanceID); err == nil {
		space = cmp.Or(known.SpaceGUID, space)
	}
	return fair.WithTenant(ctx, "requests of "+cmp.Or(space, instanceID))
}
