package helmsvc

import (
	"context"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
)

// WithWorkers bounds how many releases are worked on at once: rendering, reading
// and writing, not waiting for readiness. Tenants take turns. Operators aren't
// counted.
func WithWorkers(n int) Option {
	return func(c *Cluster) { c.turns = fair.NewSemaphore(n) }
}

// WithLimiter has requests that Helm sends wait for their tenant's turn.
func WithLimiter(l *fair.Limiter) Option {
	return func(c *Cluster) { c.limiter = l }
}

// turnsOf are the turns that the target's work needs; nil: none.
func (c *Cluster) turnsOf(target Target) *fair.Semaphore {
	if target.operator {
		return nil
	}
	return c.turns
}

// turnHeld marks a context whose work has its target's turn already.
type turnHeld struct{}

// InTurn waits for the target's turn and does what needs it: all of what do asks
// of the Cluster with its context is one turn.
func (c *Cluster) InTurn(ctx context.Context, target Target, do func(context.Context) error) error {
	done, err := c.turn(ctx, target)
	if err != nil {
		return err
	}
	defer done()
	return do(context.WithValue(ctx, turnHeld{}, true))
}

// turn waits for the target's turn to be worked on, until done is called. Within
// InTurn there is nothing to wait for.
func (c *Cluster) turn(ctx context.Context, target Target) (done func(), err error) {
	if ctx.Value(turnHeld{}) != nil {
		return func() {}, nil
	}
	turns := c.turnsOf(target)
	if err := turns.Take(ctx, target.Tenant); err != nil {
		return nil, fmt.Errorf("waiting for other service instances to be worked on: %w", err)
	}
	return turns.Give, nil
}
