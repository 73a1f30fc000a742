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
	teller  *Teller
	every   time.Duration
	metrics *Metrics
	log     lager.Logger

	mu       sync.Mutex
	seen     bool
	problems []string
}

// NewKeeper returns one that looks by look, which says what is wrong and what to do,
// and has teller bring that before people.
func NewKeeper(look func(ctx context.Context) []string, teller *Teller, every time.Duration, metrics *Metrics, log lager.Logger) *Keeper {
	return &Keeper{look: look, teller: teller, every: every, metrics: metrics, log: log.Session("guard")}
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
	k.teller.Found(problems)
}
