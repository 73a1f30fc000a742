package main

import (
	"context"
	"os"

	"github.com/google/uuid"
)

// measured is how many creates processor time is measured over: it is counted in
// hundredths of a second.
const measured = 60

// measureProcessor takes the processor time that creates take of the broker and of
// the sandbox that it starts, one at a time, and where it goes. BENCH_BEFORE is the
// path of an older broker that is to be beaten.
func measureProcessor(ctx context.Context, s *stage) ([]row, error) {
	w, err := s.smallWorld(ctx)
	if err != nil {
		return nil, err
	}
	now, err := w.spend(ctx)
	if err != nil {
		return nil, err
	}
	sdk, err := spentBySDK(ctx, s)
	if err != nil {
		return nil, err
	}
	r := row{name: "processor time of a create, one at a time", value: now.family, unit: "ms", n: measured}.
		to(helmSDK, sdk, aim{}).
		note("of it %s ms in the broker's own process, the rest in the sandbox; %s: %s ms; the API server's isn't counted", figure(now.own), helmSDK, figure(sdk))
	if binary := os.Getenv("BENCH_BEFORE"); binary != "" {
		before, err := s.spentBy(ctx, binary)
		if err != nil {
			return nil, err
		}
		r = r.to("before", before.family, atMost(0.5)).note("before (%s): %s ms, of it %s ms in the broker's own process", binary, figure(before.family), figure(before.own))
	}
	top, err := w.profileCreates(ctx)
	if err != nil {
		return nil, err
	}
	return []row{r.noteEach(top)}, nil
}

// spent is processor time of one create, in milliseconds.
type spent struct{ own, family float64 }

// spend makes instances, one at a time, and measures what that takes.
func (w *world) spend(ctx context.Context) (spent, error) {
	if err := w.warmUp(ctx); err != nil {
		return spent{}, err
	}
	own, family, err := familyTime(w.broker.PID())
	if err != nil {
		return spent{}, err
	}
	for range measured {
		if _, err := w.create(ctx, w.newInstance(), loosePoll); err != nil {
			return spent{}, err
		}
	}
	ownNow, familyNow, err := familyTime(w.broker.PID())
	return spent{milliseconds(ownNow-own) / measured, milliseconds(familyNow-family) / measured}, err
}

// spentBy is what another broker takes.
func (s *stage) spentBy(ctx context.Context, binary string) (spent, error) {
	w, err := s.newWorld(ctx, "before")
	if err != nil {
		return spent{}, err
	}
	w.binary = binary
	if err := w.start(ctx, nil); err != nil {
		return spent{}, err
	}
	took, err := w.spend(ctx)
	if err != nil {
		return spent{}, err
	}
	return took, w.stop()
}

// spentBySDK is what the baseline takes, of this very process.
func spentBySDK(ctx context.Context, s *stage) (float64, error) {
	const installs = 10
	if err := s.sdkInstall(ctx, "sdk-"+uuid.NewString()); err != nil { // for the caches
		return 0, err
	}
	used, err := processorTime(os.Getpid())
	if err != nil {
		return 0, err
	}
	for range installs {
		if err := s.sdkInstall(ctx, "sdk-"+uuid.NewString()); err != nil {
			return 0, err
		}
	}
	usedNow, err := processorTime(os.Getpid())
	return milliseconds(usedNow-used) / installs, err
}

// profileCreates makes instances while the broker takes a profile of itself, and
// returns the functions that most of the time is spent in.
func (w *world) profileCreates(ctx context.Context) ([]string, error) {
	taken, failed := make(chan []string, 1), make(chan error, 1)
	go func() {
		top, err := w.profile(ctx, "profile?seconds=10")
		taken <- top
		failed <- err
	}()
	for {
		select {
		case top := <-taken:
			return top, <-failed
		default:
		}
		if _, err := w.create(ctx, w.newInstance(), loosePoll); err != nil {
			return nil, err
		}
	}
}
