package fair

import (
	"context"
	"maps"
	"sync"
	"time"

	"k8s.io/client-go/util/flowcontrol"
)

// Limiter bounds requests a second, as client-go's own does, but tenant by
// tenant: those that ask for all there is take turns, and one that asks for little
// doesn't wait for them, since a part is kept for such. Its methods may be called from
// any number of goroutines.
type Limiter struct {
	qps, burst float64
	now        func() time.Time

	turns *Semaphore // nil: nothing is held in a calm

	mu      sync.Mutex
	all     *bucket
	had     map[string]*had // tenants' requests; none: none lately
	queue   queue
	serving bool // somebody hands out what the bucket yields
}

// NewLimiter returns one that lets qps requests a second pass, and burst at once.
func NewLimiter(qps float32, burst int) *Limiter { return newLimiter(qps, burst, time.Now) }

func newLimiter(qps float32, burst int, now func() time.Time) *Limiter {
	l := &Limiter{qps: float64(qps), burst: float64(burst), now: now, had: map[string]*had{}}
	l.all = newBucket(l.qps, l.burst, now())
	return l
}

// InTurns has requests that are sent in turns of the Semaphore's wait while its calm does
// not let the tenant ask for anything. It is to be called before the first request.
func (l *Limiter) InTurns(turns *Semaphore) { l.turns = turns }

// wait returns when the tenant may send a request.
func (l *Limiter) wait(ctx context.Context, tenant string) error {
	turn := l.enter(tenant)
	if turn == nil {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		l.queue.remove(tenant, turn)
		return context.Cause(ctx)
	}
}

func (l *Limiter) enter(tenant string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pass(tenant) {
		return nil
	}
	turn := l.queue.push(tenant, false)
	if !l.serving {
		l.serving = true
		go l.serve()
	}
	return turn
}

// pass tells whether the tenant's request needs no turn.
func (l *Limiter) pass(tenant string) bool {
	l.all.fill(l.now())
	if l.modest(tenant) && l.all.takeKept() || len(l.queue.tenants) == 0 && l.all.take() {
		l.count(tenant)
		return true
	}
	return false
}

// modest tells whether the tenant has asked for little lately.
func (l *Limiter) modest(tenant string) bool {
	h, known := l.had[tenant]
	return !known || h.by(l.now()) < l.burst*share
}

// count notes that the tenant has had a request, and forgets those that have had none
// for a while. One that had a lot isn't modest again before it has asked for less.
func (l *Limiter) count(tenant string) {
	h, known := l.had[tenant]
	if !known {
		now := l.now()
		maps.DeleteFunc(l.had, func(_ string, h *had) bool { return h.by(now) == 0 })
		h = &had{rate: l.qps * share, most: 2 * l.burst * share, at: now}
		l.had[tenant] = h
	}
	h.add()
}

// serve hands out what the bucket yields until nobody waits.
func (l *Limiter) serve() {
	for l.serveSome() {
		time.Sleep(time.Duration(float64(time.Second) / l.qps))
	}
}

// serveSome hands out what the bucket has.
func (l *Limiter) serveSome() (more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.fill(l.now())
	for l.serveNext() {
	}
	l.serving = len(l.queue.tenants) > 0
	return l.serving
}

// serveNext has the next one go who may.
func (l *Limiter) serveNext() bool {
	tenant, found := l.queue.next(l.modest)
	if !found || !l.all.takeKept() {
		tenant, found = l.queue.next(func(string) bool { return true })
		if !found || !l.all.take() {
			return false
		}
	}
	l.count(tenant)
	l.queue.pop(tenant)
	return true
}

type tenantKey struct{}

// WithTenant says on whose behalf requests with this context are sent.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// TenantOf is the tenant that the context names; empty: it names none.
func TenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}

// For is the Limiter as client-go wants it. Requests count for the tenant that
// their context names, else for the given one: Helm's have no context.
func (l *Limiter) For(tenant string) flowcontrol.RateLimiter {
	return &tenantOf{limiter: l, tenant: tenant}
}

type tenantOf struct {
	limiter *Limiter
	tenant  string
}

var _ flowcontrol.RateLimiter = (*tenantOf)(nil)

// Wait waits until a request may be sent.
func (t *tenantOf) Wait(ctx context.Context) error {
	tenant, named := ctx.Value(tenantKey{}).(string)
	if !named {
		tenant = t.tenant
	}
	if t.limiter.turns != nil && (!named || t.limiter.turns.holds(ctx)) {
		if err := t.limiter.turns.ask(ctx, tenant); err != nil {
			return err
		}
	}
	return t.limiter.wait(ctx, tenant)
}

// Accept waits without end.
func (t *tenantOf) Accept() { _ = t.limiter.wait(context.Background(), t.tenant) }

// TryAccept doesn't wait.
func (t *tenantOf) TryAccept() bool {
	t.limiter.mu.Lock()
	defer t.limiter.mu.Unlock()
	return t.limiter.pass(t.tenant)
}

// Stop does nothing.
func (t *tenantOf) Stop() {}

// QPS is how many requests a second may pass.
func (t *tenantOf) QPS() float32 { return float32(t.limiter.qps) }
