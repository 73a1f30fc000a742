package fair

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// world has tenants at work until it is ended.
type world struct {
	*Semaphore
	ctx  context.Context
	all  sync.WaitGroup
	stop func()
}

func newWorld(t *testing.T) *world {
	ctx, stop := context.WithCancel(t.Context())
	return &world{Semaphore: NewSemaphore(4), ctx: ctx, stop: stop}
}

func (w *world) end() {
	w.stop()
	w.all.Wait()
}

// work has a tenant do something in a turn, again and again.
func (w *world) work(tenant string, do func(context.Context) error) {
	w.all.Go(func() {
		for w.ctx.Err() == nil {
			_ = w.InTurn(w.ctx, tenant, do)
		}
	})
}

// crowd has a tenant have twenty at work, 10 ms each, and counts what was begun.
func (w *world) crowd() *atomic.Int64 {
	begun := new(atomic.Int64)
	for range 20 {
		w.work("crowd", func(context.Context) error {
			begun.Add(1)
			time.Sleep(10 * time.Millisecond)
			return nil
		})
	}
	return begun
}

// TestCalm: while one with little to do is at work, what it waits for included, one
// with much begins nothing, for a second or so at most; then both have turns.
func TestCalm(t *testing.T) {
	for name, c := range map[string]struct {
		works time.Duration
		calm  time.Duration
	}{
		"ends with the work": {300 * time.Millisecond, 300 * time.Millisecond},
		"ends at last":       {10 * time.Second, longestCalm},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				defer w.end()
				begun := w.crowd()
				time.Sleep(time.Second)
				w.all.Go(func() {
					_ = w.InTurn(w.ctx, "single", func(ctx context.Context) error {
						return Aside(ctx, func(context.Context) error { time.Sleep(c.works); return nil })
					})
				})
				synctest.Wait()
				before := begun.Load()
				time.Sleep(c.calm - time.Millisecond)
				if got := begun.Load() - before; got > 0 {
					t.Errorf("%d have begun in the calm", got)
				}
				time.Sleep(101 * time.Millisecond)
				if got := begun.Load() - before; got < 15 {
					t.Errorf("%d have begun within 100 ms after it", got)
				}
			})
		})
	}
}

// TestCalmIsBounded: one that always has something to do leaves the others a quarter
// of the time.
func TestCalmIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.end()
		begun := w.crowd()
		w.work("single", func(context.Context) error { time.Sleep(40 * time.Millisecond); return nil })
		time.Sleep(time.Second)
		before := begun.Load()
		time.Sleep(time.Minute)
		// Three turns at a time are the crowd's, of 10 ms each.
		if part := float64(begun.Load()-before) / (60 * 3 * 100); part < 0.2 || part > 0.6 {
			t.Errorf("the crowd had %.2f of its turns, want a quarter to a half", part)
		}
	})
}

// TestCalmOfMany: many that have little to do each wait for no other's calm.
func TestCalmOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, begin := NewSemaphore(4), time.Now()
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				_ = s.InTurn(t.Context(), strconv.Itoa(n), func(context.Context) error { time.Sleep(10 * time.Millisecond); return nil })
			})
		}
		all.Wait()
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("40 of 10 ms, four at a time, have taken %s", took)
		}
	})
}

// TestCalmHoldsRequests: in a calm those with much to do ask for nothing in the turns that
// they have, whether Helm asks or they do; whoever has no turn, or little to do, asks on.
func TestCalmHoldsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.end()
		limiter := NewLimiter(1000, 1000)
		limiter.InTurns(w.Semaphore)
		var asked, asidePassed, helms atomic.Int64
		for range 20 {
			w.work("crowd", func(ctx context.Context) error {
				time.Sleep(10 * time.Millisecond)
				_ = limiter.For("crowd").Wait(context.Background()) // as Helm does
				helms.Add(1)
				err := limiter.For("").Wait(WithTenant(ctx, "crowd"))
				asked.Add(1)
				return err
			})
		}
		time.Sleep(time.Second)
		w.all.Go(func() {
			_ = w.InTurn(w.ctx, "single", func(ctx context.Context) error {
				for range 20 {
					time.Sleep(10 * time.Millisecond)
					_ = limiter.For("").Wait(WithTenant(ctx, "single"))
				}
				return nil
			})
		})
		w.all.Go(func() {
			_ = limiter.For("").Wait(WithTenant(w.ctx, "crowd")) // a bind of the crowd's, say
			asidePassed.Add(1)
		})
		synctest.Wait()
		before := asked.Load() + helms.Load()
		time.Sleep(199 * time.Millisecond)
		if got := asked.Load() + helms.Load() - before; got > 0 || asidePassed.Load() != 1 {
			t.Errorf("in the calm the crowd has asked %d times in turns, and %d times beside them", got, asidePassed.Load())
		}
		time.Sleep(50 * time.Millisecond)
		if asked.Load()+helms.Load() == before {
			t.Error("after the calm the crowd asks for nothing")
		}
	})
}

// TestHeldRequestIsBrokenOff: who is held goes with his context.
func TestHeldRequestIsBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.end()
		w.crowd()
		time.Sleep(time.Second)
		w.all.Go(func() {
			_ = w.InTurn(w.ctx, "single", func(context.Context) error { time.Sleep(time.Second); return nil })
		})
		synctest.Wait()
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, stop)
		if err := w.ask(ctx, "crowd"); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}
