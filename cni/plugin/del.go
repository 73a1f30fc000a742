package plugin

import (
	"context"
	"fmt"
	"os"

	"github.com/containernetworking/cni/pkg/skel"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
)

// del takes a network down. It needs neither the agent nor the API. What was
// never begun is gone, whatever the delegate says of it.
func del(ctx context.Context, c config, args *skel.CmdArgs) error {
	waiting, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	held, err := c.store().Find(waiting, c.id(args))
	if err != nil {
		return err
	}
	err = c.takeDown(ctx, args, held)
	if err != nil && held == nil {
		_, _ = fmt.Fprintf(os.Stderr, "the container's network wasn't made by %s, and is taken to be gone: %v\n", Name, err)
		return nil
	}
	return err
}

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
		held.Release()
		return err
	}
	return c.store().Forget(held)
}
