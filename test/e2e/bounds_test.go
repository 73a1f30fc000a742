package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// plain is the broker without the race detector, which takes
// several times the memory.
var plain = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "cf-helm-broker-e2e-plain-")
	if err != nil {
		return "", err
	}
	removedAtEnd = append(removedAtEnd, folder)
	return rig.Build(context.Background(), folder, rig.Plain)
})

// documentedMemory is what deploy/kubernetes gives the broker.
const documentedMemory = 256 << 20

// within starts the broker again, as it is run and with no more memory than
// is documented. Its sandboxes count.
func (f *foundation) within() {
	f.t.Helper()
	memory, err := rig.LimitMemory(documentedMemory)
	if errors.Is(err, rig.ErrNoMemoryLimit) {
		f.t.Skipf("SKIPPED, and so not shown: %v", err)
	}
	f.must(err)
	f.must(f.broker.Stop())
	f.memory = memory
	f.t.Cleanup(func() { f.must(memory.Remove()) })
	f.binary, err = plain()
	f.must(err)
	f.start()
}

// wantAlive fails unless it is the same broker still, within the memory that the
// kernel gives it and its sandboxes together.
func (f *foundation) wantAlive() {
	f.t.Helper()
	peak, err := f.memory.Peak()
	f.must(err)
	kills, err := f.memory.Kills()
	f.must(err)
	// On a busy machine the kernel may be faster than a sandbox's guard: it ends the sandbox, as it is told to, and not the broker.
	f.t.Logf("%d MB at most, %d sandboxes ended by the kernel", peak>>20, kills)
	select {
	case <-f.broker.Done():
		f.t.Fatalf("the broker has ended:\n%s", f.broker.Log())
	default:
	}
}

// TestGreedyCharts has charts render what would take a broker's memory and
// time, while others go on.
func TestGreedyCharts(t *testing.T) {
	f := newFoundation(t, "charts-greedy", nil)
	f.within()
	greedy := map[string]string{ // the parameter, and what is said of it
		`{"loop": 400000000}`:     "large among the parameters: loop",
		`{"objects": 300000}`:     "large among the parameters: objects",
		`{"text": 1000000000}`:    "large among the parameters: text",
		`{"items": 300000}`:       "large among the parameters: items",
		`{"items": 2500000}`:      "large among the parameters: items",
		`{"loop": 9000000000000}`: "large among the parameters: loop",
	}
	operations := map[string]rig.Instance{}
	for parameters := range greedy {
		i := f.instance("greedy", "open")
		operations[parameters] = i
		f.want(202)(f.Provision(t.Context(), i, json.RawMessage(parameters)))
	}
	for range 3 {
		f.delete(f.create("greedy", "open", map[string]any{"objects": 3}))
	}
	for parameters, words := range greedy {
		i := operations[parameters]
		o := f.ended(i, "")
		if o.State != "failed" || !strings.Contains(o.Description, words) || !strings.Contains(o.Description, "rendering the chart takes more than") {
			t.Errorf("%s ended as %+v", parameters, o)
		}
		f.delete(i)
	}
	// An update is no way around.
	i := f.create("greedy", "open", map[string]any{"objects": 1})
	answer := f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"loop": 400000000}}))
	if o := f.ended(i, answer.Operation()); o.State != "failed" || !strings.Contains(o.Description, "as it was before") {
		t.Errorf("the update ended as %+v", o)
	}
	f.delete(i)
	f.wantAlive()
}
