package cf

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Part is a part of Cloud Foundry that can fail on its own.
type Part string

// The parts.
const (
	APIRoot   Part = "root"
	UAA       Part = "uaa"
	CC        Part = "cc"
	PolicyAPI Part = "policy"
	CredHub   Part = "credhub"
)

// Kind is a way to fail.
type Kind string

// The ways to fail. The answers have each part's own error format.
const (
	// Down closes the connection without an answer. The client always sees it:
	// net/http doesn't retry it silently, as it does when an idle connection closes.
	Down Kind = "down"
	// Slow waits for the fault's Delay, then answers as usual.
	Slow Kind = "slow"
	// AnswerLost does what was asked and closes the connection without an answer.
	AnswerLost Kind = "answer-lost"
	// ServerError answers 500.
	ServerError Kind = "server-error"
	// Unauthorized answers 401, as to a bad token or secret.
	Unauthorized Kind = "unauthorized"
	// Forbidden answers 403: from the policy API "policy quota exceeded".
	Forbidden Kind = "forbidden"
	// InvalidJSON answers 200 with a body that breaks off.
	InvalidJSON Kind = "invalid-json"
	// Redirect answers 302 to a page of HTML that answers 200.
	Redirect Kind = "redirect"
	// Unrouted answers 404 with text/plain, as Cloud Foundry's router does for a
	// part of which no instance is registered.
	Unrouted Kind = "unrouted"
)

var (
	allParts = []Part{APIRoot, UAA, CC, PolicyAPI, CredHub}
	allKinds = []Kind{Down, Slow, AnswerLost, ServerError, Unauthorized, Forbidden, InvalidJSON, Redirect, Unrouted}
)

// Fault is how a part fails.
type Fault struct {
	Kind Kind
	// Delay of a Slow answer. It ends early, without an answer, when the client
	// or the server goes.
	Delay time.Duration
	// Times is the number of requests that fail, 0 for all until Clear.
	Times int
	// Route limits the fault to one route, written as in Server.Requests. Empty
	// for all of the part's.
	Route string
}

// faults are those set, in order, and the requests that they have yet to fail.
type faults struct {
	mu  sync.Mutex
	set map[Part][]Fault
}

// Fault makes a part fail. Faults of one part take turns: the first whose Route
// fits and whose Times aren't spent fails the request.
func (s *Server) Fault(part Part, fault Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.set == nil {
		s.faults.set = map[Part][]Fault{}
	}
	s.faults.set[part] = append(s.faults.set[part], fault)
}

// Clear ends the faults of these parts, without any of all parts. Requests that
// a fault holds back already still end as it has it.
func (s *Server) Clear(parts ...Part) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if len(parts) == 0 {
		parts = allParts
	}
	for _, part := range parts {
		delete(s.faults.set, part)
	}
}

// take is the fault that a request to a part meets, if any.
func (f *faults) take(part Part, route string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.set[part]
	i := slices.IndexFunc(set, func(fault Fault) bool { return fault.Route == "" || fault.Route == route })
	if i < 0 {
		return Fault{}, false
	}
	fault := set[i]
	switch fault.Times {
	case 0:
	case 1:
		f.set[part] = slices.Delete(set, i, i+1)
	default:
		set[i].Times--
	}
	return fault, true
}

// internal is a request that the policy server sends to another part: it meets
// the part's faults, but is no request of a client's.
func (f *faults) internal(ctx context.Context, part Part, route string) error {
	fault, ok := f.take(part, route)
	if !ok {
		return nil
	}
	if fault.Kind == Slow {
		return pause(ctx, fault.Delay)
	}
	return fmt.Errorf("%s failed: %s", part, fault.Kind)
}

// pause waits, unless the context ends before.
func pause(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
