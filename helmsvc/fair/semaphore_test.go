package fair

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
)

// line has these tenants wait, in this order, and returns who got a turn in
// which order.
func (s *Semaphore) line(tenants ...string) <-chan string {
	got := make(chan string, len(tenants))
	for _, tenant := range tenants {
		turn := s.enter(tenant, false)
		go func() { <-turn; got <- tenant; s.Give(tenant) }()
	}
	return got
}

// TestSemaphoreIsFair: many of one tenant leave others their turn, those too that
// come back from a wait.
func TestSemaphoreIsFair(t *testing.T) {
	turns := NewSemaphore(1)
	if err := turns.Take(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	got := turns.line("many", "many", "many", "single", "many")
	turns.Give("first")
	var order []string
	for range 5 {
		order = append(order, <-got)
	}
	if want := []string{"many", "single", "many", "many", "many"}; !slices.Equal(order, want) {
		t.Errorf("the turns were %v, want %v", order, want)
	}
}

// TestAsideComesBack: who comes back from a wait comes before the tenant's
// others, and in no other tenant's turn.
func TestAsideComesBack(t *testing.T) {
	turns := NewSemaphore(1)
	began, ready, back := make(chan struct{}), make(chan struct{}), make(chan string, 1)
	go func() {
		_ = turns.InTurn(t.Context(), "many", func(ctx context.Context) error {
			err := Aside(ctx, func(context.Context) error { close(began); <-ready; return nil })
			back <- "back"
			return err
		})
	}()
	<-began
	if err := turns.Take(t.Context(), "second"); err != nil { // while the first waits
		t.Fatal(err)
	}
	got := turns.line("single", "many")
	close(ready)
	for turns.waitingOf("many") < 2 {
		runtime.Gosched()
	}
	turns.Give("second")
	if next := <-got; next != "single" {
		t.Errorf("%s comes before the other tenant", next)
	}
	if next := <-got; next != "many" || len(back) != 1 {
		t.Error("who came back didn't come before the tenant's others")
	}
}

// TestMostTurns: one tenant never has all.
func TestMostTurns(t *testing.T) {
	turns := NewSemaphore(8)
	for range 6 {
		if err := turns.Take(withoutWaiting(), "many"); err != nil {
			t.Fatal(err)
		}
	}
	got := turns.line("many")
	if len(got) > 0 {
		t.Error("one tenant has the last turns too")
	}
	if turns.Take(withoutWaiting(), "single") != nil {
		t.Error("there is no turn left for another")
	}
	turns.Give("many")
	if next := <-got; next != "many" {
		t.Errorf("the turn went to %s", next)
	}
}

func (s *Semaphore) waitingOf(tenant string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue.waiting[tenant])
}

// TestSemaphoreIsGivenUp: who leaves doesn't take the turn along.
func TestSemaphoreIsGivenUp(t *testing.T) {
	turns := NewSemaphore(1)
	if err := turns.Take(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no longer")
	cancel(why)
	if err := turns.Take(ctx, "b"); !errors.Is(err, why) {
		t.Errorf("error %v, want the context's", err)
	}
	turns.Give("b")
	if err := turns.Take(t.Context(), "c"); err != nil {
		t.Error(err)
	}
}

// TestInTurn: what is done within a turn needs no other, and what it only waits
// for leaves the turn to others.
func TestInTurn(t *testing.T) {
	turns, other := NewSemaphore(1), NewSemaphore(1)
	err := turns.InTurn(t.Context(), "first", func(ctx context.Context) error {
		return turns.InTurn(ctx, "first", func(ctx context.Context) error {
			if err := turns.Take(withoutWaiting(), "second"); err == nil {
				t.Error("two have the one turn")
			}
			return other.InTurn(ctx, "first", func(context.Context) error {
				return Aside(ctx, func(context.Context) error {
					if err := turns.Take(withoutWaiting(), "second"); err != nil {
						t.Error("the turn isn't left to others")
					}
					turns.Give("second")
					return nil
				})
			})
		})
	})
	if err != nil {
		t.Error(err)
	}
	if err := turns.Take(withoutWaiting(), "third"); err != nil {
		t.Error("the turn isn't given back")
	}
	refused := errors.New("refused")
	var none *Semaphore
	if err := none.InTurn(t.Context(), "any", func(ctx context.Context) error { return Aside(ctx, func(context.Context) error { return refused }) }); !errors.Is(err, refused) {
		t.Errorf("without a semaphore the error is %v", err)
	}
}

// TestAsideWithinAside gives the turn away once.
func TestAsideWithinAside(t *testing.T) {
	turns := NewSemaphore(1)
	err := turns.InTurn(t.Context(), "first", func(ctx context.Context) error {
		return Aside(ctx, func(ctx context.Context) error {
			return Aside(ctx, func(context.Context) error {
				if err := turns.Take(withoutWaiting(), "second"); err != nil {
					t.Error("the turn isn't left to others")
				}
				if turns.Take(withoutWaiting(), "third") == nil {
					t.Error("one turn was given away twice")
				}
				turns.Give("second")
				return nil
			})
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// withoutWaiting is a context that has ended.
func withoutWaiting() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
