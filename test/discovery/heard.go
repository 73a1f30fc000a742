package discovery

import (
	"slices"
	"time"
)

// Kind is what a message does.
type Kind string

// The kinds that there are.
const (
	Register   Kind = "register"
	Unregister Kind = "unregister"
)

// Message is one that a controller has heard and understood.
type Message struct {
	At      time.Time
	Kind    Kind
	Address string
	Names   []string
}

// maxHeard bounds what Heard remembers.
const maxHeard = 100_000

func (s *Server) hear(kind Kind, r registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.heard) < maxHeard {
		s.heard = append(s.heard, Message{At: time.Now(), Kind: kind, Address: r.Address, Names: r.Names})
	}
}

// Heard are the first 100,000 messages that controllers have heard since the
// start or the last Forget, in order.
func (s *Server) Heard() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// Forget empties Heard.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = nil
}
