package securitygroup

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Create has the groups hold just the addresses that the pods have now, for
// these policies, and binds them to the apps' spaces. One that is refused, or whose
// pods can't be asked about, doesn't keep others from being opened. Invalid ones are not sent.
func (e *Enforcer) Create(ctx context.Context, policies []policy.Policy) error {
	if err := policy.Validate(policies); err != nil {
		return err
	}
	needs, unseen := e.needs(ctx, policies)
	changes := map[place]change{}
	for p, n := range needs {
		if changes[n.place] == nil {
			changes[n.place] = change{}
		}
		changes[n.place][p] = n.destinations
	}
	return errors.Join(unseen, e.carryOut(ctx, changes))
}

// carryOut makes all the changes that can be made.
func (e *Enforcer) carryOut(ctx context.Context, changes map[place]change) error {
	const atOnce = 8
	failed := make(chan error, len(changes))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for at, c := range changes {
		group.Go(func() error {
			failed <- e.write(ctx, at, c)
			return nil
		})
	}
	_ = group.Wait() // the errors are in failed, all of them
	close(failed)
	var all []error
	for err := range failed {
		all = append(all, err)
	}
	return errors.Join(all...)
}
