package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// probeInterval is the pause between two looks at something that can't be watched: a server that may not be there yet.
const probeInterval = 50 * time.Millisecond

// await asks until the answer is yes. A no may come with an error that tells why; it ends up in await's own when ctx ends
// first. It gives up at once when a component has died.
func (c *Cluster) await(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, probeInterval, true, func(ctx context.Context) (bool, error) {
		for _, p := range c.processes() {
			if p.ended() {
				return false, p.failure()
			}
		}
		var yes bool
		yes, last = ask(ctx)
		return yes, nil
	})
	if err == nil {
		return nil
	}
	return fmt.Errorf("waiting for %s: %w", what, errors.Join(err, last))
}
