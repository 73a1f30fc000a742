package agent

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"code.cloudfoundry.org/lager/v3"
)

// Keeper looks again and again at what on the node would let others into pods.
type Keeper struct {
	look    func(ctx context.Context) []string
	tell    func(ctx context.Context, problem string) error
	every   time.Duration
	metrics *Metrics
	log     lager.Logger

	mu       sync.Mutex
	seen     bool
	problems []string
	told     map[string]time.Time
}

// toldAgain is how often a problem that lasts is told of: Kubernetes forgets events
// after an hour.
const toldAgain = 10 * time.Minute

// NewKeeper returns one that looks by look, which says what is wrong and what to do,
// and has tell bring that before people.
func NewKeeper(look func(ctx context.Context) []string, tell func(ctx context.Context, problem string) error, every time.Duration, metrics *Metrics, log lager.Logger) *Keeper {
	return &Keeper{look: look, tell: tell, every: every, metrics: metrics, log: log.Session("guard"), told: map[string]time.Time{}}
}

// Problems are those of the last look: why pods mustn't be started, and what to do.
func (k *Keeper) Problems() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.seen {
		return []string{"the node's agent has just started, and hasn't looked at the node yet"}
	}
	return slices.Clone(k.problems)
}

// Run looks until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	again := time.NewTicker(k.every)
	defer again.Stop()
	for {
		k.once(ctx)
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func (k *Keeper) once(ctx context.Context) {
	problems := k.look(ctx)
	if ctx.Err() != nil {
		return // what was seen then is no verdict
	}
	k.mu.Lock()
	before := k.problems
	first := !k.seen
	k.seen, k.problems = true, problems
	k.mu.Unlock()
	k.metrics.found(len(problems))
	if first || !slices.Equal(before, problems) {
		k.log.Info("looked", lager.Data{"safe": len(problems) == 0, "problems": strings.Join(problems, "; ")})
	}
	k.bring(ctx, problems)
}

// bring tells of problems that are new, or last.
func (k *Keeper) bring(ctx context.Context, problems []string) {
	for problem := range k.told {
		if !slices.Contains(problems, problem) {
			delete(k.told, problem)
		}
	}
	for _, problem := range problems {
		if time.Since(k.told[problem]) < toldAgain {
			continue
		}
		if err := k.tell(ctx, problem); err != nil {
			k.log.Error("not-told", err, lager.Data{"problem": problem})
			continue
		}
		k.told[problem] = time.Now()
	}
}
