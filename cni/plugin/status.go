package plugin

import (
	"context"
	"slices"
	"strings"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
)

// Since is the version of the specification from which on there are STATUS and GC.
const Since = "1.1.0"

// status tells whether pods can be started: the delegate is there, the agent
// answers, and has found nothing on the node that would let others in.
func status(ctx context.Context, c config, args *skel.CmdArgs) error {
	work, err := c.delegateFor(args, nil)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	said, err := c.agent().Status(asking)
	if err != nil {
		return types.NewError(types.ErrPluginNotAvailable, err.Error(), "")
	}
	if !said.Ready {
		return types.NewError(types.ErrPluginNotAvailable, strings.Join(said.Problems, "; "), "")
	}
	if !work.knows(ctx) {
		return nil
	}
	return work.do(ctx, "STATUS")
}

// knows tells whether the delegate, called by the version that is configured, has
// STATUS and GC.
func (c *call) knows(ctx context.Context) bool {
	if c.version != Since {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	versions, err := invoke.GetVersionInfo(ctx, c.path, c.runner)
	return err == nil && slices.Contains(versions.SupportedVersions(), Since)
}
