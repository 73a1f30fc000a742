package publish

import (
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// hear takes a controller's interval.
func (s *session) hear(m *nats.Msg) {
	interval, ok := readInterval(m.Data)
	if !ok {
		return
	}
	s.interval, s.replied = interval, true
	now := time.Now()
	s.mu.Lock()
	s.answered = now
	s.mu.Unlock()
	s.metrics.answered.Set(float64(now.UnixNano()) / 1e9)
}

// overhear takes what somebody else has published. Who doesn't lead is silent
// from then on.
func (s *session) overhear(m *nats.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leading {
		return
	}
	ours := s.others.hear(kind(strings.TrimPrefix(m.Subject, subjects)), m.Data, time.Now())
	if ours && s.speaking {
		s.speaking = false
		s.ledger.discardAll()
		s.awake() // whoever waits for what was set learns that it isn't said here
		s.log.Info("another-publishes")
	}
}
