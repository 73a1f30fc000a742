package plugin

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/containernetworking/cni/pkg/skel"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
)

// del takes a network down. It needs neither the agent nor the API. What was
// never begun is gone, whatever the delegate says of it. What can't be taken down for
// long is left, so that the pod can end, and is taken down by a later ADD, or GC.
func del(ctx context.Context, c config, args *skel.CmdArgs) error {
	waiting, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	held, err := c.store().Find(waiting, c.id(args))
	if err != nil {
		return c.cannotOpen(ctx, args, err)
	}
	err = c.takeDown(ctx, args, held)
	switch {
	case err == nil:
	case held == nil:
		_, _ = fmt.Fprintf(os.Stderr, "the container's network wasn't made by %s, and is taken to be gone: %v\n", Name, err)
	case !held.GivenUp:
		return c.triedAgain(err, held)
	default:
		tellLeft(err, held)
	}
	return c.forgetNote(waiting, c.id(args))
}

// takeDownLeft takes down what DEL has left. It stops where that fails or lasts: a pod
// is waiting, and the next start goes on.
func (c config) takeDownLeft(ctx context.Context, args *skel.CmdArgs) {
	c.patience = leftPatience
	ctx, cancel := context.WithTimeout(ctx, leftPatience)
	defer cancel()
	begun, err := c.recorded()
	for _, r := range begun {
		if err == nil && r.GivenUp && r.ID.Network == c.Name && ctx.Err() == nil {
			err = c.collect(ctx, args, r.ID)
		}
	}
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "what was left of earlier networks can't be taken down yet: %v\n", err)
	}
}

// leftPatience is how long a pod's start may be held up by what others have left.
const leftPatience = 5 * time.Second

// takeDown has the delegate take a network down, and forgets its record. If that
// fails the record stays, and DEL or GC do it again. held may be nil: there is none.
func (c config) takeDown(ctx context.Context, args *skel.CmdArgs, held *attachment.Record) error {
	if held != nil {
		held.Ends()
	}
	work, err := c.delegateFor(args, held)
	if err == nil {
		err = work.do(ctx, "DEL")
	}
	if held == nil {
		return err
	}
	if err != nil {
		held.Fails(c.giveUp)
		return err
	}
	return c.store().Forget(held)
}
