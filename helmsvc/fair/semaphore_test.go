package fair

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// line has these tenants wait, in this order, and returns who got a turn in
// which order.
func (s *Semaphore) line(test *testing.T, tenants ...string) <-chan string {
	test.Helper()
	got := make(chan string, len(tenants))
	for _, tenant := range tenants {
		turn := s.enter(tenant)
		if turn == nil {
			test.Fatal("there was a turn at once")
		}
		go func() { <-turn; got <- tenant; s.Give() }()
	}
	return got
}

// TestSemaphoreIsFair: many of one tenant leave others their turn, and who only
// waited comes first.
func TestSemaphoreIsFair(t *testing.T) {
	turns := NewSemaphore(1)
	if err := turns.Take(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	ready, back := make(chan struct{}), make(chan error)
	go func() { back <- turns.Without(func() error { <-ready; return nil }) }()
	if err := turns.Take(t.Context(), "second"); err != nil { // while the first waits
		t.Fatal(err)
	}
	got := turns.line(t, "many", "many", "many", "single", "many")
	close(ready)
	for turns.returning() == 0 { // the first is about to come back
		select {
		case <-t.Context().Done():
			t.Fatal("it doesn't come back")
		default:
		}
	}
	turns.Give()
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 {
		t.Error("a turn was given to another before who had waited came back")
	}
	turns.Give()
	var order []string
	for range 5 {
		order = append(order, <-got)
	}
	if want := []string{"many", "single", "many", "many", "many"}; !slices.Equal(order, want) {
		t.Errorf("the turns were %v, want %v", order, want)
	}
}

func (s *Semaphore) returning() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.back)
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
	turns.Give()
	if err := turns.Take(t.Context(), "c"); err != nil {
		t.Error(err)
	}
}
