package discovery

import (
	"context"
	"testing"
	"time"
)

// Await asks until the answer is empty, which means yes; another says what isn't as it
// is to be. The test fails if that takes longer than the limit.
func Await(t testing.TB, limit time.Duration, what string, ask func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for {
		answer := ask()
		if answer == "" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s for %s: %s", limit, what, answer)
		case <-every.C:
		}
	}
}
