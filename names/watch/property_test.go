package watch_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestProperty does to two instances whatever happens to pods, nodes, NATS, the
// controller and the replica that leads, at random. Meanwhile a client resolves without
// pause. What a name resolves to is soon after the cluster's change exactly the ready
// endpoints, so that no name goes on leading to an address that another instance's pod
// has taken: the aim is a second, and what misses it is counted. While something is away names stay as they are, and become right once it is
// back. No name ever leads to an address that no pod of its instance has had, and one
// whose pod nothing happens to always leads to it.
//
// NAMES_SEED repeats a run, and NAMES_STEPS has it take another number of steps.
func TestProperty(t *testing.T) {
	seed, steps := number("NAMES_SEED", time.Now().UnixNano()), number("NAMES_STEPS", 100)
	t.Logf("NAMES_SEED=%d NAMES_STEPS=%d", seed, steps)
	w := newWorld(t, rand.New(rand.NewPCG(uint64(seed), 0)))
	w.becomesRight("the beginning")
	client := w.startClient()
	var took []time.Duration
	for i := range steps {
		s := w.choose()
		t.Logf("step %d, %s: %s", i+1, time.Now().Format("15:04:05.000"), s.what)
		if s.away {
			client.judge(nil)
		} else {
			client.judge(w.bound)
		}
		s.do()
		took = append(took, w.becomesRight(s.what))
	}
	client.stop(t, w)
	shared := w.census.shared(w.instances[0].namespace, w.instances[1].namespace)
	slices.Sort(took)
	t.Logf("all right after a step: median %s, longest %s; %d addresses went from one instance to the other", took[len(took)/2], took[len(took)-1], shared)
}

func number(variable string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(variable), 10, 64); err == nil {
		return n
	}
	return otherwise
}
