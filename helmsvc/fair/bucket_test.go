package fair

import (
	"testing"
	"time"
)

// TestKeptPart: what is kept comes first and can't be taken by others, and what it
// can't hold is everybody's.
func TestKeptPart(t *testing.T) {
	begin := time.Now()
	for name, c := range map[string]struct {
		burst            float64
		everybodys, kept int           // that are taken
		after            time.Duration // at 100 a second
		more, moreKept   int           // that there are then
	}{
		"full":                      {40, 0, 0, time.Hour, 30, 10},
		"everybody's are used up":   {40, 30, 0, 100 * time.Millisecond, 10, 10},
		"the kept ones are used up": {40, 0, 10, 100 * time.Millisecond, 30, 2},
		"all are used up":           {40, 30, 10, 200 * time.Millisecond, 15, 5},
		"both are full again":       {40, 30, 10, time.Second, 30, 10},
		"too few to be shared":      {3, 3, 0, 20 * time.Millisecond, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(100, c.burst, begin)
			if got := taken(b.take, c.everybodys); got != c.everybodys {
				t.Errorf("%d of everybody's tokens, want %d", got, c.everybodys)
			}
			if got := taken(b.takeKept, c.kept); got != c.kept {
				t.Errorf("%d kept tokens, want %d", got, c.kept)
			}
			b.fill(begin.Add(c.after))
			if got, gotKept := taken(b.take, 1000), taken(b.takeKept, 1000); got != c.more || gotKept != c.moreKept {
				t.Errorf("then there are %d and %d, want %d and %d", got, gotKept, c.more, c.moreKept)
			}
		})
	}
}

// taken is how many tokens there are, up to so many.
func taken(take func() bool, most int) (count int) {
	for count < most && take() {
		count++
	}
	return count
}
