package fair

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
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

// TestModestTenant: while one tenant asks for all there is, another's few requests
// wait for nothing, and its many take turns.
func TestModestTenant(t *testing.T) {
	now := time.Now()
	l := newLimiter(100, 200, func() time.Time { return now })
	l.serving = true // by hand
	pass := func(tenant string, count int) (passed int) {
		for range count {
			if l.enter(tenant) == nil {
				passed++
			}
		}
		return passed
	}
	if got := pass("many", 1000); got != 200 {
		t.Errorf("at once %d requests of one tenant have passed, want the burst", got)
	}
	if got := pass("late", 1); got != 0 {
		t.Error("a request has passed that there was no token for")
	}
	now = now.Add(time.Second) // 100 tokens, of which 25 are kept
	l.serveSome()
	if got := l.waiting("many"); got != 1000-200-75 {
		t.Errorf("%d requests still wait, want 725", got)
	}
	if l.waiting("late") > 0 {
		t.Error("the other's waits")
	}
	if got := pass("single", 24); got != 24 {
		t.Errorf("%d of the other's 24 requests have passed", got)
	}
	if got := pass("single", 10); got != 0 {
		t.Errorf("%d more have passed", got)
	}
	now = now.Add(time.Second)
	l.serveSome()
	if l.waiting("single") > 0 || l.waiting("many") < 600 {
		t.Errorf("of the other %d wait, of the many %d", l.waiting("single"), l.waiting("many"))
	}
}

// TestManyModestTenants starve nobody.
func TestManyModestTenants(t *testing.T) {
	now := time.Now()
	l := newLimiter(100, 100, func() time.Time { return now })
	l.serving = true
	for range 300 {
		l.enter("many")
	}
	before := l.waiting("many")
	for range 100 { // for a second
		now = now.Add(10 * time.Millisecond)
		for _, tenant := range []string{"a", "b", "c", "d", "e", "f"} {
			l.enter(tenant)
		}
		l.serveSome()
	}
	if served := before - l.waiting("many"); served < 8 {
		t.Errorf("of those that had asked for much %d were served in a second of 100", served)
	}
	if len(l.had) > 7 {
		t.Errorf("%d tenants are remembered", len(l.had))
	}
	now = now.Add(time.Hour)
	l.queue = queue{}
	l.enter("another")
	if len(l.had) != 1 {
		t.Errorf("after an hour %d tenants are remembered", len(l.had))
	}
}
