package door

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/util/cache"
)

// mostAddresses bounds the memory that strangers can take. Beyond it those are
// forgotten that have been quiet the longest; whoever has that many addresses
// gets as many guesses as addresses anyway.
const mostAddresses = 10000

// slowDown bounds the wrong passwords of each address: so many a minute, and
// so many at once. An address that has used its share up is refused whatever
// it sends; if a right password still got through, guessing would go on.
type slowDown struct {
	perMinute int // 0: any number
	mu        sync.Mutex
	addresses *cache.LRUExpireCache // of *tries by netip.Prefix
}

type tries struct {
	mu      sync.Mutex // held while one is tried, so that many at once aren't more
	limiter *rate.Limiter
}

func newSlowDown(perMinute int) *slowDown {
	return &slowDown{perMinute: perMinute, addresses: cache.NewLRUExpireCache(mostAddresses)}
}

// try tells whether a login is right. If the address has used up its share it
// tells how long to wait, without trying.
func (s *slowDown) try(from netip.Addr, login func() bool) (right bool, wait time.Duration) {
	if s.perMinute == 0 {
		return login(), 0
	}
	t := s.of(household(from))
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if left := t.limiter.TokensAt(now); left < 1 {
		return false, max(time.Duration((1-left)/float64(t.limiter.Limit())*float64(time.Second)), time.Millisecond)
	}
	if login() {
		return true, 0
	}
	t.limiter.AllowN(now, 1)
	return false, 0
}

func (s *slowDown) of(network netip.Prefix) *tries {
	s.mu.Lock()
	defer s.mu.Unlock()
	var t *tries
	if known, found := s.addresses.Get(network); found {
		t = known.(*tries)
	} else {
		t = &tries{limiter: rate.NewLimiter(rate.Every(time.Minute/time.Duration(s.perMinute)), s.perMinute)}
	}
	// After a minute the share is whole again.
	s.addresses.Add(network, t, time.Minute)
	return t
}
