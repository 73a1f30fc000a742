package release

import (
	"context"
	"fmt"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/fair"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// turnsOf are the turns that the target's work needs; nil: none.
func (c *Client) turnsOf(target tenant.Target) *fair.Semaphore {
	if target.Operator {
		return nil
	}
	return c.turns
}

// work does in the target's turn what Helm does for it.
func (c *Client) work(ctx context.Context, target tenant.Target, do func(context.Context) error) error {
	return c.tenants.Unsure(ctx, target, c.InTurn(ctx, target, do))
}

// InTurn waits for the target's turn and does what needs it: all of what do asks
// of the Cluster with its context is one turn. What is only waited for leaves it
// to others.
func (c *Client) InTurn(ctx context.Context, target tenant.Target, do func(context.Context) error) error {
	waited := false
	err := c.turnsOf(target).InTurn(ctx, target.Tenant, func(ctx context.Context) error {
		waited = true
		return do(ctx)
	})
	if !waited {
		return fmt.Errorf("waiting for other service instances to be worked on: %w", err)
	}
	return err
}
