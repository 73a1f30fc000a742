package watch_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestProperty does to two instances whatever happens to pods, to NATS, to the
// controller and to the replica that leads, at random. After each step what every name
// resolves to becomes just its ready pods. Meanwhile a client resolves without
// pause: no name ever leads to an address that no pod of its instance has had, and
// one whose pod nothing happens to always leads to it.
//
// NAMES_SEED repeats a run, and NAMES_STEPS has it take another number of steps.
func TestProperty(t *testing.T) {
	seed, steps := number("NAMES_SEED", time.Now().UnixNano()), number("NAMES_STEPS", 40)
	t.Logf("NAMES_SEED=%d NAMES_STEPS=%d", seed, steps)
	w := newWorld(t, rand.New(rand.NewPCG(uint64(seed), 0)))
	w.becomesRight("the beginning")
	client := w.startClient()
	var took []time.Duration
	for i := range steps {
		what, do := w.choose()
		t.Logf("step %d, %s: %s", i+1, time.Now().Format("15:04:05.000"), what)
		do()
		took = append(took, w.becomesRight(what))
		if last := took[len(took)-1]; last > time.Second {
			t.Logf("names took %s", last)
		}
	}
	client.stop(t, w)
	slices.Sort(took)
	t.Logf("right after a step: median %s, longest %s; the client resolved %d times", took[len(took)/2], took[len(took)-1], client.resolved)
}

func number(variable string, otherwise int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(variable), 10, 64); err == nil {
		return n
	}
	return otherwise
}
