package fair

import (
	"context"
	"sync"
)

// Semaphore bounds how much is done at once. On a nil one there is nothing to
// wait for. Its methods may be called from any number of goroutines.
type Semaphore struct {
	mu    sync.Mutex
	free  int
	back  []chan struct{} // those that come back from Without, who come first
	queue queue
}

// NewSemaphore returns one that lets n work at once.
func NewSemaphore(n int) *Semaphore { return &Semaphore{free: n} }

// Take waits for a turn. Give it back with Give, unless there is an error, which
// is the context's cause.
func (s *Semaphore) Take(ctx context.Context, tenant string) error {
	if s == nil {
		return nil
	}
	turn := s.enter(tenant)
	if turn == nil {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		s.leave(tenant, turn)
		return context.Cause(ctx)
	}
}

// enter has the tenant wait, unless there is a turn at once.
func (s *Semaphore) enter(tenant string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 {
		s.free--
		return nil
	}
	return s.queue.push(tenant)
}

// leave gives up waiting. A turn that has come meanwhile goes to the next.
func (s *Semaphore) leave(tenant string, turn chan struct{}) {
	s.mu.Lock()
	waited := s.queue.remove(tenant, turn)
	s.mu.Unlock()
	if !waited {
		s.Give()
	}
}

// Give ends a turn: the next may work.
func (s *Semaphore) Give() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.back) > 0 {
		close(s.back[0])
		s.back = s.back[1:]
		return
	}
	if !s.queue.pop() {
		s.free++
	}
}

// Without waits for something else than a turn, which others may have
// meanwhile. Who comes back comes first, since little is left to be done there.
func (s *Semaphore) Without(wait func() error) error {
	if s == nil {
		return wait()
	}
	s.Give()
	err := wait()
	<-s.comeBack()
	return err
}

func (s *Semaphore) comeBack() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := make(chan struct{})
	if s.free > 0 {
		s.free--
		close(turn)
		return turn
	}
	s.back = append(s.back, turn)
	return turn
}
