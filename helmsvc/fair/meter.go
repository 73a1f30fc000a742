package fair

import (
	"sync/atomic"
	"time"
)

// Meter tells how long the line is before the Semaphores that share it. A nil one
// tells nothing. Who comes back from Aside isn't counted.
type Meter struct {
	waiting, turns, waited atomic.Int64
}

// Waiting is how many wait for a turn now.
func (m *Meter) Waiting() int { return int(m.waiting.Load()) }

// Turns is how many turns there have been, and Waited how long all of them were
// waited for.
func (m *Meter) Turns() int { return int(m.turns.Load()) }

// Waited is described at Turns.
func (m *Meter) Waited() time.Duration { return time.Duration(m.waited.Load()) }

// wait notes that somebody waits, until ended is called.
func (m *Meter) wait() (ended func(got bool)) {
	if m == nil {
		return func(bool) {}
	}
	begun := time.Now()
	m.waiting.Add(1)
	return func(got bool) {
		m.waiting.Add(-1)
		if got {
			m.turns.Add(1)
			m.waited.Add(int64(time.Since(begun)))
		}
	}
}
