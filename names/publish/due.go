package publish

import (
	"context"
	"time"
)

// sayDue says what time has made due.
func (s *session) sayDue(ctx context.Context, now time.Time) error {
	due := now.Sub(s.greeted) >= s.interval || !s.replied && now.Sub(s.greeted) >= greetAgain
	said := s.takeDue(now)
	if err := s.send(ctx, said); err != nil {
		return err
	}
	if err := s.sayAllToStarted(ctx, now); err != nil || !due {
		return err
	}
	return s.greet()
}

// takeDue takes what is due, and what is due once an interval.
func (s *session) takeDue(now time.Time) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	passed := now.Sub(s.renewed)
	s.renewed = now
	round := now.Sub(s.rounded) >= s.interval
	if round {
		s.rounded = now
		s.others.forget(now)
		s.ledger.forgetEmptied(now)
	}
	if !s.speaking {
		return nil
	}
	said := append(s.ledger.sayRepeats(now), s.ledger.sayRenewals(passed, s.interval)...)
	if round {
		said = append(said, s.ledger.sayGone(now)...)
	}
	return said
}
