package fair

import (
	"context"
	"time"
)

const (
	// longestCalm is how long a calm lasts at most: longer than the create of a small
	// chart takes whose images are there.
	longestCalm = 1200 * time.Millisecond
	// calmPart is how many times as long a calm may last as there was none before it: those
	// with much to do have a quarter of the time.
	calmPart = 3
)

// calm is a time in which tenants with much to do take no new turns, and ask for nothing
// in those that they have, because one with little is at work. A turn of its own isn't
// enough for that one: a cluster goes on for a while with what it was asked for before. It
// ends with that work. The zero value is one that ended long ago.
type calm struct {
	end  time.Time     // when it ends, or has ended
	over chan struct{} // this one's alone; closed if it ends before
}

func (c *calm) is(now time.Time) bool { return now.Before(c.end) }

// begin returns how long the calm is that begins.
func (c *calm) begin(now time.Time) time.Duration {
	length := calmPart * min(longestCalm/calmPart, now.Sub(c.end))
	c.end, c.over = now.Add(length), make(chan struct{})
	return length
}

// stop ends it, if it is the one that is over by that.
func (c *calm) stop(over chan struct{}, now time.Time) {
	if over == c.over && c.is(now) {
		c.end = now
		close(c.over)
	}
}

// atWork notes that there is work of the tenant's until done is called.
func (s *Semaphore) atWork(tenant string) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.works[tenant]++
	var over chan struct{} // of the calm that begins with this work, if one does
	if now := time.Now(); s.modest(tenant) && !s.calm.is(now) {
		time.AfterFunc(s.calm.begin(now), s.grantAfterCalm)
		over = s.calm.over
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.works[tenant]--; s.works[tenant] == 0 {
			delete(s.works, tenant)
		}
		s.calm.stop(over, time.Now())
		s.grant()
	}
}

func (s *Semaphore) grantAfterCalm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grant()
}

// ask waits for the end of the calm that there may be, before the tenant asks the cluster
// for something.
func (s *Semaphore) ask(ctx context.Context, tenant string) error {
	s.mu.Lock()
	calm, now := s.calm, time.Now()
	held := calm.is(now) && !s.modest(tenant)
	s.mu.Unlock()
	if !held {
		return nil
	}
	left := time.NewTimer(calm.end.Sub(now))
	defer left.Stop()
	select {
	case <-calm.over:
	case <-left.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// modest tells whether the tenant has little to do.
func (s *Semaphore) modest(tenant string) bool { return s.works[tenant] <= max(1, s.size/4) }

// may tells whether the tenant may have one more turn now.
func (s *Semaphore) may(tenant string) bool {
	return s.has[tenant] < s.most && (s.modest(tenant) || !s.calm.is(time.Now()))
}
