package operation

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// sweepInterval is how often tombstones are tried again. Nothing tells when
// the policy server is back.
const sweepInterval = 15 * time.Second

// sweep closes what revoked bindings have left open, until ctx ends.
func (e *Engine) sweep(ctx context.Context) {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		for _, b := range e.records.Tombstones() {
			if err := e.revoke(ctx, b); err != nil && !errors.Is(err, record.ErrNotFound) {
				e.log.Error("tombstone-stays", err, bindingData(b))
			}
		}
	}, sweepInterval)
}
