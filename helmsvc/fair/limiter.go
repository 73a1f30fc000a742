package fair

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/client-go/util/flowcontrol"
)

// Limiter bounds requests a second, as client-go's own does, but tenant by
// tenant. Its methods may be called from any number of goroutines.
type Limiter struct {
	bucket *rate.Limiter
	qps    float32

	mu      sync.Mutex
	queue   queue
	serving bool // somebody hands out what the bucket yields
}

// NewLimiter returns one that lets qps requests a second pass, and burst at once.
func NewLimiter(qps float32, burst int) *Limiter {
	return &Limiter{bucket: rate.NewLimiter(rate.Limit(qps), burst), qps: qps}
}

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
	if !l.serving && l.bucket.Allow() {
		return nil
	}
	turn := l.queue.push(tenant, false)
	if !l.serving {
		l.serving = true
		go l.serve()
	}
	return turn
}

// serve hands out what the bucket yields until nobody waits.
func (l *Limiter) serve() {
	for l.serveOne() {
	}
}

func (l *Limiter) serveOne() (more bool) {
	_ = l.bucket.Wait(context.Background()) // it fails for a bucket that never yields only
	l.mu.Lock()
	defer l.mu.Unlock()
	if tenant, found := l.queue.next(func(string) bool { return true }); found {
		l.queue.pop(tenant)
	}
	l.serving = len(l.queue.tenants) > 0
	return l.serving
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
	return &share{limiter: l, tenant: tenant}
}

type share struct {
	limiter *Limiter
	tenant  string
}

var _ flowcontrol.RateLimiter = (*share)(nil)

// Wait waits until a request may be sent.
func (s *share) Wait(ctx context.Context) error {
	if tenant, named := ctx.Value(tenantKey{}).(string); named {
		return s.limiter.wait(ctx, tenant)
	}
	return s.limiter.wait(ctx, s.tenant)
}

// Accept waits without end.
func (s *share) Accept() { _ = s.limiter.wait(context.Background(), s.tenant) }

// TryAccept doesn't wait.
func (s *share) TryAccept() bool { return s.limiter.bucket.Allow() }

// Stop does nothing.
func (s *share) Stop() {}

// QPS is how many requests a second may pass.
func (s *share) QPS() float32 { return s.limiter.qps }
