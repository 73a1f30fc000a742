package publish

import (
	"context"
	"fmt"
	"time"
)

// sayAll says everything that is wanted, and what isn't any more.
func (s *session) sayAll(ctx context.Context) error {
	s.saidAll = time.Now()
	return s.sayNew(ctx, s.ledger.sayAll)
}

// sayAllToStarted says everything if a controller has started, at once or soon.
func (s *session) sayAllToStarted(ctx context.Context, now time.Time) error {
	if s.owed == 0 || now.Sub(s.saidAll) < calm {
		return nil
	}
	s.owed--
	return s.sayAll(ctx)
}

// sayChanges says what is new.
func (s *session) sayChanges(ctx context.Context) error {
	return s.sayNew(ctx, s.ledger.sayChanges)
}

// sayNew sends what take hands out, and tells whoever waits for what was set.
func (s *session) sayNew(ctx context.Context, take func(time.Time) []message) error {
	set, said := s.takeNew(take)
	if err := s.send(ctx, said); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if set > s.said {
		s.said = set
		close(s.progress)
		s.progress = make(chan struct{})
	}
	return nil
}

func (s *session) takeNew(take func(time.Time) []message) (set int, said []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.speaking {
		s.ledger.discard()
		return s.set, nil
	}
	if s.leading {
		s.ledger.takeBack(s.others)
	}
	if s.takeOver {
		s.takeOver = false
		take = s.ledger.sayAll
	}
	return s.set, take(time.Now())
}

// send returns when NATS has taken the messages. One goroutine sends, and in the
// order in which the ledger has handed out: so the last that anybody hears of a
// name is what was last wanted.
func (s *session) send(ctx context.Context, said []message) error {
	if len(said) == 0 {
		return nil
	}
	for _, m := range said {
		if err := s.conn.Publish(subjects+string(m.kind), m.payload()); err != nil {
			return fmt.Errorf("publishing the names of %s: %w", m.address, err)
		}
		s.metrics.messages.WithLabelValues(string(m.kind)).Inc()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("waiting for NATS to take %d messages: %w", len(said), err)
	}
	return nil
}

// greet asks all controllers to say their interval.
func (s *session) greet() error {
	s.greeted, s.replied = time.Now(), false
	s.metrics.messages.WithLabelValues(string(greet)).Inc()
	if err := s.conn.PublishRequest(subjects+string(greet), s.inbox, nil); err != nil {
		return fmt.Errorf("greeting the controllers: %w", err)
	}
	return nil
}
