package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
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
// isn't safe; what is wrong is told once while it lasts.
func TestUnsafe(t *testing.T) {
	var found, told []string
	fails := errors.New("no API")
	keeper := NewKeeper(func(context.Context) []string { return found }, func(_ context.Context, problem string) error {
		if fails != nil {
			return fails
		}
		told = append(told, problem)
		return nil
	}, time.Hour, newMetrics(), lager.NewLogger("test"))
	a := New(knows(func() (podgroup.Membership, error) { return podgroup.Membership{Group: "g"}, nil }), keeper, newMetrics(), lager.NewLogger("test"))
	if _, err := a.Belongs(t.Context(), socket.Pod{}); err == nil || !strings.Contains(err.Error(), "hasn't looked at the node yet") {
		t.Errorf("before the first look: %v", err)
	}
	found = []string{"set masqueradeBit: 30"}
	keeper.once(t.Context())
	if _, err := a.Belongs(t.Context(), socket.Pod{}); err == nil || !strings.Contains(err.Error(), "set masqueradeBit: 30") || a.Status().Ready {
		t.Errorf("unsafe: %v", err)
	}
	fails = nil
	keeper.once(t.Context())
	keeper.once(t.Context())
	found = nil
	keeper.once(t.Context())
	if got, err := a.Belongs(t.Context(), socket.Pod{}); err != nil || got.Group != "g" {
		t.Errorf("safe: %+v, %v", got, err)
	}
	found = []string{"set masqueradeBit: 30"}
	keeper.once(t.Context())
	if !slices.Equal(told, []string{found[0], found[0]}) {
		t.Errorf("told: %q, want once each time that it came", told)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	found = nil
	keeper.once(ended)
	if a.Status().Ready {
		t.Error("a look that was broken off is a verdict")
	}
}
