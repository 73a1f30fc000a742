package helmsvc

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// line has these tenants wait, in this order, and returns who got a turn in
// which order.
func (t *turns) line(test *testing.T, tenants ...string) <-chan string {
	test.Helper()
	got := make(chan string, len(tenants))
	for _, tenant := range tenants {
		turn, ok := t.queue(tenant)
		if ok {
			test.Fatal("there was a turn at once")
		}
		go func() { <-turn; got <- tenant; t.give() }()
	}
	return got
}

// TestTurnsAreFair: many of one tenant leave others their turn, and who only
// waited comes first.
func TestTurnsAreFair(t *testing.T) {
	turns := newTurns(1)
	if err := turns.take(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	ready, back := make(chan struct{}), make(chan error)
	go func() { back <- turns.without(func() error { <-ready; return nil }) }()
	if err := turns.take(t.Context(), "second"); err != nil { // while the first waits
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
	turns.give()
	if err := <-back; err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 {
		t.Error("a turn was given to another before who had waited came back")
	}
	turns.give()
	var order []string
	for range 5 {
		order = append(order, <-got)
	}
	if want := []string{"many", "single", "many", "many", "many"}; !slices.Equal(order, want) {
		t.Errorf("the turns were %v, want %v", order, want)
	}
}

func (t *turns) returning() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.back)
}

// TestTurnsAreGivenUp: who leaves doesn't take the turn along.
func TestTurnsAreGivenUp(t *testing.T) {
	turns := newTurns(1)
	if err := turns.take(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no longer")
	cancel(why)
	if err := turns.take(ctx, "b"); !errors.Is(err, why) {
		t.Errorf("error %v, want the context's", err)
	}
	turns.give()
	if err := turns.take(t.Context(), "c"); err != nil {
		t.Error(err)
	}
}
