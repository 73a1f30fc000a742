package fair

import "time"

// share is which part of what a Limiter yields is kept for tenants that ask for
// little, and what part of it a tenant may ask for and still be one.
const share = 1.0 / 4

// bucket holds tokens, of which so many come a second. A part of them is kept; what
// that part can't hold any more is everybody's.
type bucket struct {
	rate       float64
	most, kept float64 // how many tokens it can hold: everybody's, and kept
	level      struct{ everybodys, kept float64 }
	at         time.Time // when the levels were these
}

// newBucket returns a full one. Too few tokens can't be shared.
func newBucket(rate, burst float64, now time.Time) *bucket {
	b := &bucket{rate: rate, most: burst, at: now}
	if burst*share >= 1 {
		b.kept = burst * share
		b.most -= b.kept
	}
	b.level.everybodys, b.level.kept = b.most, b.kept
	return b
}

func (b *bucket) fill(now time.Time) {
	come := b.rate * now.Sub(b.at).Seconds()
	b.at = now
	kept := min(b.kept-b.level.kept, come*share)
	b.level.kept += kept
	b.level.everybodys = min(b.most, b.level.everybodys+come-kept)
}

// take takes one of everybody's tokens, if there is one.
func (b *bucket) take() bool { return takeOne(&b.level.everybodys) }

// takeKept takes one of those that are kept.
func (b *bucket) takeKept() bool { return takeOne(&b.level.kept) }

func takeOne(level *float64) bool {
	if *level < 1 {
		return false
	}
	*level--
	return true
}

// had is how many requests a tenant has had lately. It becomes fewer by so many a
// second, and is never more than most.
type had struct {
	requests, rate, most float64
	at                   time.Time
}

// by is how many they are now.
func (h *had) by(now time.Time) float64 {
	h.requests = max(0, h.requests-h.rate*now.Sub(h.at).Seconds())
	h.at = now
	return h.requests
}

func (h *had) add() { h.requests = min(h.most, h.requests+1) }
