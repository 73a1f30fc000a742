package plugin

import (
	"context"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
)

// check has the delegate look at a network. Silk's plugins can't
// (cni-wrapper-plugin of silk-release v3.53.0 says that it isn't implemented),
// and then nothing is known.
func check(ctx context.Context, c config, args *skel.CmdArgs) error {
	work, err := c.delegateFor(args, nil)
	if err != nil {
		return err
	}
	if err := work.do(ctx, "CHECK"); err != nil && !unknown(err) {
		return err
	}
	return nil
}

// unknown tells whether a delegate has no such command.
func unknown(err error) bool {
	for _, words := range []string{"isn't implemented", "not implemented", "unknown CNI_COMMAND", "does not allow CHECK"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}
