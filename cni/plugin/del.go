package plugin

import (
	"context"
	"fmt"
	"os"

	"github.com/containernetworking/cni/pkg/skel"
)

// del takes a network down. It needs neither the agent nor the API. What was
// never begun is gone, whatever the delegate says of it.
func del(ctx context.Context, args *skel.CmdArgs) error {
	c, err := readConfig(args.StdinData)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	held, err := c.store().Find(waiting, c.id(args))
	if err != nil {
		return err
	}
	work, err := c.delegateFor(args, held)
	if err == nil {
		err = work.do(ctx, "DEL")
	}
	if held == nil {
		if err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "the container's network wasn't made by %s, and is taken to be gone: %v\n", Name, err)
		}
		return nil
	}
	if err != nil {
		held.Release()
		return err
	}
	return c.store().Forget(held)
}
