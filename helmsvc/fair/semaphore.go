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
	most  int            // turns of one tenant
	has   map[string]int // turns, by tenant
	size  int            // how many turns there are
	works map[string]int // what is done in turns, waits included, by tenant
	calm  calm
	queue queue
	meter *Meter
}

// NewSemaphore returns one that lets n work at once, a tenant three quarters of
// them: one that has hundreds waiting leaves another a turn at once.
func NewSemaphore(n int) *Semaphore {
	return &Semaphore{free: n, most: n - n/4, has: map[string]int{}, size: n, works: map[string]int{}}
}

// Metered has the meter tell of those who wait.
func (s *Semaphore) Metered(m *Meter) *Semaphore {
	s.meter = m
	return s
}

// Take waits for a turn. Give it back with Give, unless there is an error, which
// is the context's cause.
func (s *Semaphore) Take(ctx context.Context, tenant string) error {
	if s == nil {
		return nil
	}
	ended := s.meter.wait()
	turn := s.enter(tenant, false)
	select {
	case <-turn: // there was one at once, even if ctx has ended
		ended(true)
		return nil
	default:
	}
	select {
	case <-turn:
		ended(true)
		return nil
	case <-ctx.Done():
		ended(false)
		s.leave(tenant, turn)
		return context.Cause(ctx)
	}
}

// enter has the tenant wait for its turn: what it returns is closed when that
// comes, at once if there is one.
func (s *Semaphore) enter(tenant string, first bool) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := s.queue.push(tenant, first)
	s.grant()
	return turn
}

// grant hands out what is free.
func (s *Semaphore) grant() {
	for s.free > 0 {
		tenant, found := s.queue.next(s.may)
		if !found {
			return
		}
		s.free--
		s.has[tenant]++
		s.queue.pop(tenant)
	}
}

// leave gives up waiting. A turn that has come meanwhile goes to the next.
func (s *Semaphore) leave(tenant string, turn chan struct{}) {
	s.mu.Lock()
	waited := s.queue.remove(tenant, turn)
	s.mu.Unlock()
	if !waited {
		s.Give(tenant)
	}
}

// Give ends a turn of the tenant's: the next may work.
func (s *Semaphore) Give(tenant string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.has[tenant]--; s.has[tenant] == 0 {
		delete(s.has, tenant)
	}
	s.grant()
}

// held marks a context whose work has a turn.
type held struct{}

type turn struct {
	of     *Semaphore
	tenant string
}

// holds tells whether the context's work has a turn.
func (s *Semaphore) holds(ctx context.Context) bool {
	has, _ := ctx.Value(held{}).(turn)
	return has.of == s
}

// InTurn waits for a turn and does what needs it. All that do does with its
// context is one turn: an InTurn within it has nothing to wait for.
func (s *Semaphore) InTurn(ctx context.Context, tenant string, do func(context.Context) error) error {
	if s == nil || s.holds(ctx) {
		return do(ctx)
	}
	defer s.atWork(tenant)()
	if err := s.Take(ctx, tenant); err != nil {
		return err
	}
	defer s.Give(tenant)
	return do(context.WithValue(ctx, held{}, turn{of: s, tenant: tenant}))
}

// Aside waits for something else than a turn. If the context's work has one,
// others may have it meanwhile, and the context that wait gets has none. Who comes
// back comes before the tenant's others, since little is left to be done there.
func Aside(ctx context.Context, wait func(context.Context) error) error {
	has, _ := ctx.Value(held{}).(turn)
	if has.of == nil {
		return wait(ctx)
	}
	has.of.Give(has.tenant)
	err := wait(context.WithValue(ctx, held{}, turn{}))
	<-has.of.enter(has.tenant, true)
	return err
}
