package plugin

import (
	"context"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"
)

// Main carries out the command that the environment names (CNI_COMMAND), and
// prints its result. The error is to be printed as it is. When ctx ends, what was
// begun is taken down.
func Main(ctx context.Context) *types.Error {
	reading := func(read func([]byte) (config, error), f func(context.Context, config, *skel.CmdArgs) error) func(*skel.CmdArgs) error {
		return func(args *skel.CmdArgs) error {
			c, err := read(args.StdinData)
			if err != nil {
				return err
			}
			return f(ctx, c, args)
		}
	}
	with := func(f func(context.Context, config, *skel.CmdArgs) error) func(*skel.CmdArgs) error {
		return reading(readConfig, f)
	}
	return skel.PluginMainFuncsWithError(
		skel.CNIFuncs{Add: with(add), Del: reading(readForDel, del), Check: with(check), GC: with(gc), Status: with(status)},
		version.PluginSupports("0.4.0", "1.0.0", Since), "CNI plugin "+Name)
}
