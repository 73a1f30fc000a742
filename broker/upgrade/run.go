package upgrade

import (
	"context"
	"sync"
	"time"
)

// Pace says how many upgrades run at once.
type Pace struct {
	// Canaries are upgraded before all others; 0: none.
	Canaries int
	// MaxInFlight is how many run at once, of canaries too.
	MaxInFlight int
}

// Outcome is how an upgrade ended.
type Outcome struct {
	Step Step
	// Canary tells whether others waited for it.
	Canary bool
	Took   time.Duration
	// Err is nil if the instance is at the version.
	Err error
}

// Run upgrades the instances, canaries first, and tells of each that has ended, one at
// a time. After the first that fails, and when ctx ends, it begins none any more, and
// waits for those that do has under way. It returns those that weren't begun.
func Run(ctx context.Context, steps []Step, pace Pace, do func(context.Context, Step) error, ended func(Outcome)) (left []Step) {
	canaries := min(pace.Canaries, len(steps))
	r := &runner{do: do, ended: ended}
	if left := r.batch(ctx, steps[:canaries], true, pace.MaxInFlight); len(left) > 0 || r.hasFailed() {
		return append(left, steps[canaries:]...)
	}
	return r.batch(ctx, steps[canaries:], false, pace.MaxInFlight)
}

type runner struct {
	do    func(context.Context, Step) error
	ended func(Outcome)

	mu     sync.Mutex
	failed bool // guarded by mu
}

func (r *runner) batch(ctx context.Context, steps []Step, canary bool, atOnce int) (left []Step) {
	places := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	defer running.Wait()
	for n, step := range steps {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || r.hasFailed() {
			return append([]Step(nil), steps[n:]...)
		}
		running.Go(func() {
			defer func() { <-places }()
			r.upgrade(ctx, step, canary)
		})
	}
	return nil
}

func (r *runner) upgrade(ctx context.Context, step Step, canary bool) {
	begin := time.Now()
	err := r.do(ctx, step)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = r.failed || err != nil
	r.ended(Outcome{Step: step, Canary: canary, Took: time.Since(begin), Err: err})
}

func (r *runner) hasFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}
