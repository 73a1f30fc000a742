package measure

import (
	"sync"
	"time"
)

// since is how long something has been so. The zero value is of what isn't.
type since struct {
	mu    sync.Mutex
	begun time.Time // zero: it isn't so; guarded by mu
}

func (s *since) set(is bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !is:
		s.begun = time.Time{}
	case s.begun.IsZero():
		s.begun = now
	}
}

func (s *since) lasts(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun.IsZero() {
		return 0
	}
	return now.Sub(s.begun)
}
