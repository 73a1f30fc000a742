package cluster

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Share starts one cluster for all tests of a package, hands it to use, runs the tests and stops the cluster. It returns the
// exit status for TestMain to end with; m is TestMain's *testing.M. What goes wrong is told on standard error.
func Share(m interface{ Run() int }, options Options, use func(*Cluster) error) (status int) {
	fail := func(err error) int {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if options.Log == nil {
		options.Log = os.Stderr
	}
	// Building takes minutes on a fresh machine; starting must not.
	if _, err := Build(context.Background(), options.Log); err != nil {
		return fail(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := Start(ctx, options)
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err := c.Stop(); err != nil {
			status = fail(err)
		}
	}()
	if err := use(c); err != nil {
		return fail(err)
	}
	return m.Run()
}
