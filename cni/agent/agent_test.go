package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

type knows func() (podgroup.Membership, error)

func (k knows) Belongs(context.Context, socket.Pod) (podgroup.Membership, error) { return k() }

func newMetrics() *Metrics { return NewMetrics(prometheus.NewRegistry(), func() int { return 0 }) }

// TestUnsafe: nobody is told anything before the node was looked at, nor while it
// isn't safe; a look that was broken off is no verdict.
func TestUnsafe(t *testing.T) {
	var found []string
	teller := NewTeller(func(context.Context, string) error { return nil }, lager.NewLogger("test"))
	keeper := NewKeeper(func(context.Context) []string { return found }, teller, time.Hour, newMetrics(), lager.NewLogger("test"))
	a := New(knows(func() (podgroup.Membership, error) { return podgroup.Membership{Group: "g"}, nil }), keeper, newMetrics(), lager.NewLogger("test"))
	if _, err := a.Belongs(t.Context(), socket.Pod{}); err == nil || !strings.Contains(err.Error(), "hasn't looked at the node yet") {
		t.Errorf("before the first look: %v", err)
	}
	found = []string{"set masqueradeBit: 30"}
	keeper.once(t.Context())
	if _, err := a.Belongs(t.Context(), socket.Pod{}); err == nil || !strings.Contains(err.Error(), "set masqueradeBit: 30") || a.Status().Ready {
		t.Errorf("unsafe: %v", err)
	}
	found = nil
	keeper.once(t.Context())
	if got, err := a.Belongs(t.Context(), socket.Pod{}); err != nil || got.Group != "g" {
		t.Errorf("safe: %+v, %v", got, err)
	}
	found = []string{"set masqueradeBit: 30"}
	keeper.once(t.Context())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	found = nil
	keeper.once(ended)
	if a.Status().Ready {
		t.Error("a look that was broken off is a verdict")
	}
}

// TestTold: a problem is told once each time that it comes, and again where that failed.
func TestTold(t *testing.T) {
	var told []string
	fails := errors.New("no API")
	teller := NewTeller(func(_ context.Context, problem string) error {
		if fails != nil {
			return fails
		}
		told = append(told, problem)
		return nil
	}, lager.NewLogger("test"))
	problem := []string{"set masqueradeBit: 30"}
	teller.bring(t.Context(), problem)
	fails = nil
	for _, found := range [][]string{problem, problem, nil, problem} {
		teller.bring(t.Context(), found)
	}
	if !slices.Equal(told, []string{problem[0], problem[0]}) {
		t.Errorf("told: %q, want once each time that it came", told)
	}
}

// TestHangingAPI: while Kubernetes doesn't answer the node is looked at all the same,
// and what was found last is told when it does.
func TestHangingAPI(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	looks, answers, told := make(chan int, 100), make(chan struct{}), make(chan string, 100)
	teller := NewTeller(func(ctx context.Context, problem string) error {
		select {
		case <-answers:
			told <- problem
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, lager.NewLogger("test"))
	look := 0
	keeper := NewKeeper(func(context.Context) []string {
		look = min(look+1, 5)
		select {
		case looks <- look:
		default:
		}
		return []string{fmt.Sprintf("problem %d", look)}
	}, teller, time.Millisecond, newMetrics(), lager.NewLogger("test"))
	running.Go(func() { keeper.Run(ctx) })
	running.Go(func() { teller.Run(ctx) })
	await(t, looks, 5)
	close(answers)
	await(t, told, "problem 5")
}

// await waits for something.
func await[T comparable](t *testing.T, from <-chan T, want T) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for {
		select {
		case have := <-from:
			if have == want {
				return
			}
		case <-late:
			t.Fatalf("not within two minutes: %v", want)
		}
	}
}
