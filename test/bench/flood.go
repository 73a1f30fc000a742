package main

import (
	"context"
	"errors"
	"time"
)

// flood is how many creates are asked for at once.
const flood = 500

// measureFlood takes the memory of a broker that is asked for hundreds of instances
// at once, and of the sandbox that it starts.
func measureFlood(ctx context.Context, s *stage) (_ []row, err error) {
	w, err := s.newWorld(ctx, "flood")
	if err != nil {
		return nil, err
	}
	if err := w.start(ctx, nil); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	if err := w.warmUp(ctx); err != nil {
		return nil, err
	}
	before, err := memoryOf(w.broker.PID())
	if err != nil {
		return nil, err
	}
	peaks := w.watchChildren()
	rate, err := throughput(ctx, flood, flood, func(ctx context.Context, _ int) error {
		_, err := w.create(ctx, w.newInstance(), crowdPoll)
		return err
	})
	sandbox := peaks()
	if err != nil {
		return nil, err
	}
	after, err := memoryOf(w.broker.PID())
	if err != nil {
		return nil, err
	}
	top, err := w.profile(ctx, "heap")
	if err != nil {
		return nil, err
	}
	r := row{name: "500 creates at once, peak memory with the sandbox", value: after.peak + sandbox, unit: "MB", n: 1}.is(atMost(200)).
		note("the broker %s MB, of which %s MB were there before; its sandbox %s MB at most, besides the program itself, which both share; %s creates/s", figure(after.peak), figure(before.resident), figure(sandbox), figure(rate)).
		note("flux's helm-controller: 262 MB for 500 releases, 10 at a time (fluxcd/flux-benchmark, v2.3)").
		note("what the heap holds after it:").noteEach(top)
	return []row{r}, nil
}

// watchChildren looks at what the broker's children hold until the returned function is
// called, which returns the most that one of them held of its own.
func (w *world) watchChildren() (peak func() float64) {
	ctx, stop := context.WithCancel(context.Background())
	most := make(chan float64, 1)
	pid := w.broker.PID()
	go func() {
		var highest float64
		for pause(ctx, 50*time.Millisecond) == nil {
			for _, child := range childrenOf(pid) {
				if m, err := memoryOf(child); err == nil { // it may have ended since
					highest = max(highest, m.anonymous)
				}
			}
		}
		most <- highest
	}()
	return func() float64 { stop(); return <-most }
}
