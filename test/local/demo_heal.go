package main

import (
	"context"
	"fmt"
	"time"
)

// heal has Cloud Foundry clean up, and shows how the broker puts back what that
// has taken from live bindings, with one request.
func (d *demo) heal(ctx context.Context) error {
	d.out.note("Once an hour CF's policy server deletes the policies that don't lead to a live app. A service instance isn't one.")
	before := d.cf.Requests()
	d.out.command("cf curl -X POST /networking/v1/external/policies/cleanup")
	lost, err := d.cf.Cleanup()
	if err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	if len(lost) == 0 {
		return fmt.Errorf("the cleanup has deleted nothing")
	}
	d.out.note("%d policies are gone. New connections are refused until they are back.", len(lost))
	begin := time.Now()
	if err := d.until(ctx, "the policies are back", func() (bool, error) { return len(d.cf.Policies()) >= len(lost), nil }); err != nil {
		return err
	}
	d.out.note("After %.1f s they are back:", time.Since(begin).Seconds())
	if err := d.wantPolicies(ctx, d.web, d.jobs); err != nil {
		return err
	}
	return d.wantOne(policiesRoute, before)
}
