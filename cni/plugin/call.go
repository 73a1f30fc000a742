package plugin

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
	"github.com/cf-helm-broker/cf-helm-broker/cni/delegate"
)

// call is one of the delegate.
type call struct {
	config
	args   invoke.Args
	runner *delegate.Runner
	path   string // of the delegate's program
}

// delegateFor finds the delegate. held is the network's record; nil: there is none.
func (c config) delegateFor(args *skel.CmdArgs, held *attachment.Record) (*call, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	runner := &delegate.Runner{}
	if held != nil {
		runner.Keep, runner.Started = held.File(), held.Runs
	}
	path, err := runner.FindInPath(c.delegate, filepath.SplitList(args.Path))
	if err != nil {
		return nil, types.NewError(types.ErrPluginNotAvailable, fmt.Sprintf("the plugin %s isn't in %s; install it there, or correct the type of delegate in the network configuration", c.delegate, args.Path), "")
	}
	return &call{config: c, runner: runner, path: path, args: invoke.Args{
		ContainerID: args.ContainerID, NetNS: args.Netns, IfName: args.IfName, Path: args.Path, PluginArgsStr: lenient(args.Args),
	}}, nil
}

func (c *call) as(command string) *invoke.Args {
	args := c.args
	args.Command = command
	return &args
}

// add has the delegate make the network.
func (c *call) add(ctx context.Context, metadata map[string]string) (types.Result, error) {
	configuration, err := c.forDelegate(metadata)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	return c.runner.Result(ctx, c.path, configuration, c.as("ADD"))
}

// do has the delegate carry out a command that has no result, within a deadline of
// its own: also after the one before it has run out.
func (c *call) do(ctx context.Context, command string) error {
	configuration, err := c.forDelegate(nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.patience)
	defer cancel()
	// cni-wrapper-plugin forgets the address first, and without it finds the rules of a
	// container no more: what takes a network down isn't ended halfway.
	c.runner.Outlives = true
	_, err = c.runner.ExecPlugin(ctx, c.path, configuration, c.as(command).AsEnv())
	return err
}
