package upgrade

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Pace says how many upgrades run at once.
type Pace struct {
	// Canaries are how many of each service are upgraded before all others; 0: none.
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

// PassedOver tells whether it says nothing of the version: the instance was deleted
// meanwhile, or is busy.
func (o Outcome) PassedOver() bool { return errors.Is(o.Err, ErrDeleted) || errors.Is(o.Err, ErrBusy) }

// Run upgrades the instances, canaries first, and tells of each that has ended, one at
// a time. In the place of a canary that is passed over comes another. After the first that
// fails or whose end isn't known, and when ctx ends, it begins none any more, and
// waits for those that do has under way. It returns those that weren't begun.
func Run(ctx context.Context, steps []Step, pace Pace, do func(context.Context, Step) error, ended func(Outcome)) (left []Step) {
	r := &runner{do: do, ended: ended, upgraded: map[string]int{}}
	for {
		canaries, others := pick(steps, pace.Canaries, r.upgraded)
		if len(canaries) == 0 {
			return r.batch(ctx, others, false, pace.MaxInFlight)
		}
		if left := r.batch(ctx, canaries, true, pace.MaxInFlight); len(left) > 0 || r.hasStopped() {
			return append(left, others...)
		}
		steps = others
	}
}

// First counts the canaries among the steps.
func (p Pace) First(steps []Step) int {
	canaries, _ := pick(steps, p.Canaries, nil)
	return len(canaries)
}

// pick takes the first n steps of each service, less those that it has upgraded.
func pick(steps []Step, n int, upgraded map[string]int) (canaries, others []Step) {
	picked := map[string]int{}
	for _, s := range steps {
		service := s.Instance.ServiceID
		if upgraded[service]+picked[service] < n {
			picked[service]++
			canaries = append(canaries, s)
			continue
		}
		others = append(others, s)
	}
	return canaries, others
}

type runner struct {
	do    func(context.Context, Step) error
	ended func(Outcome)

	mu       sync.Mutex
	stopped  bool           // guarded by mu
	upgraded map[string]int // by the service's id; guarded by mu while a batch runs
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
		if ctx.Err() != nil || r.hasStopped() {
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
	o := Outcome{Step: step, Canary: canary, Took: time.Since(begin), Err: err}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.upgraded[step.Instance.ServiceID]++
	}
	r.stopped = r.stopped || err != nil && !o.PassedOver()
	r.ended(o)
}

func (r *runner) hasStopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped
}
