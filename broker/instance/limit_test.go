package instance

import (
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// TestLimit gives an operation time in which no broker ran, but not that of its
// own pauses.
func TestLimit(t *testing.T) {
	const allowed = time.Minute
	now := time.Now()
	for name, c := range map[string]struct {
		begun   time.Duration // ago
		attempt int
		putOff  bool
		want    time.Duration // from now
	}{
		"first":                      {0, 1, false, time.Minute},
		"put off":                    {50 * time.Second, 3, true, 10 * time.Second},
		"put off, late":              {70 * time.Second, 5, true, -10 * time.Second},
		"next process":               {50 * time.Second, 2, false, time.Minute},
		"next process, after a week": {7 * 24 * time.Hour, 2, false, time.Minute},
		"one process after another":  {70 * time.Second, 6, false, -10 * time.Second},
	} {
		w := &work{putOff: c.putOff, instance: record.Instance{Operation: record.Operation{Begun: now.Add(-c.begun), Attempt: c.attempt}}}
		if got := time.Until(w.limit(allowed)); got > c.want+time.Second || got < c.want-2*time.Second {
			t.Errorf("%s: it ends in %s, want %s", name, got, c.want)
		}
	}
}
