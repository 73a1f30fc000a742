package fair

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
)

// TestLimiterIsFair: a request of one tenant doesn't wait for the hundreds that
// another has sent before.
func TestLimiterIsFair(t *testing.T) {
	l := NewLimiter(1000, 1)
	many, single := l.For("many"), l.For("single")
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		passed []string
	)
	pass := func(name string, wait func(context.Context) error) {
		all.Go(func() {
			if err := wait(t.Context()); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			passed = append(passed, name)
		})
	}
	l.mu.Lock() // until all are there
	for range 200 {
		pass("many", many.Wait)
	}
	l.mu.Unlock()
	for l.waiting("many") < 150 {
		runtime.Gosched()
	}
	pass("single", single.Wait)
	pass("named", func(ctx context.Context) error { return many.Wait(WithTenant(ctx, "named")) })
	all.Wait()
	for at, name := range passed {
		if name != "many" && at > 190 {
			t.Errorf("the request of %s was number %d of %d", name, at, len(passed))
		}
	}
	if len(passed) != 202 {
		t.Errorf("%d requests have passed, want 202", len(passed))
	}
}

func (l *Limiter) waiting(tenant string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue.waiting[tenant])
}

// TestLimiterIsGivenUp: who gives up leaves others theirs.
func TestLimiterIsGivenUp(t *testing.T) {
	l := NewLimiter(1000, 1)
	tenant := l.For("a")
	tenant.Accept()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no longer")
	cancel(why)
	for range 3 {
		if err := tenant.Wait(ctx); err != nil && !errors.Is(err, why) {
			t.Error(err)
		}
	}
	if err := tenant.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if tenant.QPS() != 1000 {
		t.Errorf("it lets %v pass a second", tenant.QPS())
	}
}
