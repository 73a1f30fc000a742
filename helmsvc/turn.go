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

// turn waits for the target's turn to be worked on, until done is called.
func (c *Cluster) turn(ctx context.Context, target Target) (done func(), err error) {
	turns := c.turnsOf(target)
	if err := turns.Take(ctx, target.Tenant); err != nil {
		return nil, fmt.Errorf("waiting for other service instances to be worked on: %w", err)
	}
	return turns.Give, nil
}
