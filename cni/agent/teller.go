package agent

import (
	"context"
	"slices"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// Teller brings problems before people, on a clock of its own: whoever finds them
// doesn't wait for Kubernetes to answer.
type Teller struct {
	tell func(ctx context.Context, problem string) error
	news chan []string // what was found last and isn't told yet; it holds one
	told map[string]time.Time
	log  lager.Logger
}

// toldAgain is how often a problem that lasts is told of: Kubernetes forgets events
// after an hour.
const toldAgain = 10 * time.Minute

// NewTeller returns one that tells of each problem by tell.
func NewTeller(tell func(ctx context.Context, problem string) error, log lager.Logger) *Teller {
	return &Teller{tell: tell, news: make(chan []string, 1), told: map[string]time.Time{}, log: log.Session("teller")}
}

// Found says which problems there are now, and returns at once. It has to be called
// again while they last: what couldn't be told is told then. One goroutine may call it.
func (t *Teller) Found(problems []string) {
	select {
	case <-t.news: // they are no news any more
	default:
	}
	t.news <- slices.Clone(problems)
}

// Run tells until ctx ends.
func (t *Teller) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case problems := <-t.news:
			t.bring(ctx, problems)
		}
	}
}

// bring tells of problems that are new, or last.
func (t *Teller) bring(ctx context.Context, problems []string) {
	for problem := range t.told {
		if !slices.Contains(problems, problem) {
			delete(t.told, problem)
		}
	}
	for _, problem := range problems {
		if time.Since(t.told[problem]) < toldAgain {
			continue
		}
		if err := t.tell(ctx, problem); err != nil {
			t.log.Error("not-told", err, lager.Data{"problem": problem})
			continue
		}
		t.told[problem] = time.Now()
	}
}
