package access

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestTell: all nodes are told, not all at the same time, and one that can't be told
// holds up neither the others nor whoever tells.
func TestTell(t *testing.T) {
	many := make([]record.Instance, 5*noting)
	for n := range many {
		many[n].ID = strconv.Itoa(n)
	}
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		mark   func(ctx context.Context, i record.Instance) error
		untold int
		why    error
		takes  time.Duration
	}{
		"all":            {func(context.Context, record.Instance) error { return nil }, 0, nil, 0},
		"slow":           {func(context.Context, record.Instance) error { time.Sleep(time.Millisecond); return nil }, 0, nil, 5 * time.Millisecond},
		"one is refused": {func(_ context.Context, i record.Instance) error { return map[string]error{"7": refused}[i.ID] }, 1, refused, 0},
		"none answers":   {func(ctx context.Context, _ record.Instance) error { <-ctx.Done(); return ctx.Err() }, len(many), context.DeadlineExceeded, markPatience},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			told, at, most := map[string]int{}, 0, 0
			begun := time.Now()
			untold, why := tell(t.Context(), func(ctx context.Context, i record.Instance) error {
				mu.Lock()
				told[i.ID]++
				at++
				most = max(most, at)
				mu.Unlock()
				defer func() { mu.Lock(); at--; mu.Unlock() }()
				return c.mark(ctx, i)
			}, many)
			if untold != c.untold || !errors.Is(why, c.why) || time.Since(begun) != c.takes {
				t.Errorf("%s: %d weren't told after %s: %v", name, untold, time.Since(begun), why)
			}
			if most > noting || c.untold < 2 && len(told) != len(many) {
				t.Errorf("%s: %d were told, %d at the same time", name, len(told), most)
			}
		})
	}
}
