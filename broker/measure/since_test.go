package measure

import (
	"testing"
	"time"
)

// TestSince counts from when it began to be so, not from when that was last seen.
func TestSince(t *testing.T) {
	var s since
	begin := time.Now()
	for n, c := range []struct {
		is   bool
		want time.Duration
	}{{false, 0}, {true, 0}, {true, time.Minute}, {true, 2 * time.Minute}, {false, 0}, {true, 0}} {
		now := begin.Add(time.Duration(n) * time.Minute)
		s.set(c.is, now)
		if got := s.lasts(now); got != c.want {
			t.Errorf("look %d: it lasts %s, want %s", n, got, c.want)
		}
	}
}
