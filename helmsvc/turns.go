package helmsvc

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// turns bounds how much Helm work is done at once: rendering, reading and
// writing, not waiting for what was made. Who comes next goes by tenant, one
// after the other: hundreds of creates in one space leave a single one in
// another its turn. Who has waited for readiness comes first, since little is
// left to be done there.
type turns struct {
	mu      sync.Mutex
	free    int
	back    []chan struct{}
	tenants []string // those with somebody waiting, in the order of their turns
	waiting map[string][]chan struct{}
}

func newTurns(n int) *turns {
	return &turns{free: n, waiting: map[string][]chan struct{}{}}
}

// take waits for a turn. Give it back with give, unless there is an error, which
// is the context's. On nil turns there is nothing to wait for.
func (t *turns) take(ctx context.Context, tenant string) error {
	if t == nil {
		return nil
	}
	turn, ok := t.queue(tenant)
	if ok {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		t.leave(tenant, turn)
		return context.Cause(ctx)
	}
}

// queue has the tenant wait, unless there is a turn at once.
func (t *turns) queue(tenant string) (turn chan struct{}, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free > 0 {
		t.free--
		return nil, true
	}
	turn = make(chan struct{})
	if len(t.waiting[tenant]) == 0 {
		t.tenants = append(t.tenants, tenant)
	}
	t.waiting[tenant] = append(t.waiting[tenant], turn)
	return turn, false
}

// leave gives up waiting. A turn that has come meanwhile goes to the next.
func (t *turns) leave(tenant string, turn chan struct{}) {
	t.mu.Lock()
	at := slices.Index(t.waiting[tenant], turn)
	if at >= 0 {
		t.drop(tenant, at)
	}
	t.mu.Unlock()
	if at < 0 {
		t.give()
	}
}

// drop takes one out of its tenant's line. It wants mu held.
func (t *turns) drop(tenant string, at int) {
	t.waiting[tenant] = slices.Delete(t.waiting[tenant], at, at+1)
	if len(t.waiting[tenant]) == 0 {
		delete(t.waiting, tenant)
		t.tenants = slices.DeleteFunc(t.tenants, func(other string) bool { return other == tenant })
	}
}

// give ends a turn: the next may work.
func (t *turns) give() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case len(t.back) > 0:
		close(t.back[0])
		t.back = t.back[1:]
	case len(t.tenants) > 0:
		tenant := t.tenants[0]
		t.tenants = append(t.tenants[1:], tenant)
		close(t.waiting[tenant][0])
		t.drop(tenant, 0)
	default:
		t.free++
	}
}

// WithWorkers bounds how many releases are worked on at once, those that only
// wait for readiness not counted. Operators aren't counted either.
func WithWorkers(n int) Option {
	return func(c *Cluster) { c.turns = newTurns(n) }
}

// turnsOf are the turns that the target's work needs; nil: none.
func (c *Cluster) turnsOf(target Target) *turns {
	if target.operator {
		return nil
	}
	return c.turns
}

// turn waits for the target's turn to be worked on, until done is called.
func (c *Cluster) turn(ctx context.Context, target Target) (done func(), err error) {
	turns := c.turnsOf(target)
	if err := turns.take(ctx, target.Tenant); err != nil {
		return nil, fmt.Errorf("waiting for other service instances to be worked on: %w", err)
	}
	return turns.give, nil
}

// without waits for something else than a turn, which others may have
// meanwhile.
func (t *turns) without(wait func() error) error {
	if t == nil {
		return wait()
	}
	t.give()
	err := wait()
	<-t.comeBack()
	return err
}

func (t *turns) comeBack() chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := make(chan struct{})
	if t.free > 0 {
		t.free--
		close(turn)
		return turn
	}
	t.back = append(t.back, turn)
	return turn
}
