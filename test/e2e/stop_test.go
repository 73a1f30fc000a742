package e2e

import (
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestStopIsBounded has the broker end within SHUTDOWN_TIMEOUT and what its parts
// are given, whatever it is doing, and its sandboxes with it. What it was doing
// goes on, or is ended, as soon as there is a broker again.
func TestStopIsBounded(t *testing.T) {
	const shutdown, slack = 2 * time.Second, 8 * time.Second
	endless := json.RawMessage(`{"spins": 100000}`)
	for name, begin := range map[string]func(f *foundation) rig.Instance{
		"rendering for a create": func(f *foundation) rig.Instance {
			i := f.instance("greedy", "open")
			f.says("installing the chart", i, f.want(202)(f.Provision(f.t.Context(), i, endless)).Operation())
			return i
		},
		"rendering for an update": func(f *foundation) rig.Instance {
			i := f.create("greedy", "open", nil)
			f.says("upgrading the release", i, f.want(202)(f.Update(f.t.Context(), i, map[string]any{"parameters": endless})).Operation())
			return i
		},
		"answering a request": func(f *foundation) rig.Instance {
			i := f.create("tenant", "open", nil)
			f.bindsForever(i)
			return i
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts-greedy", map[string]string{"SHUTDOWN_TIMEOUT": shutdown.String(), "RENDER_TIMEOUT": "60s"})
			other := f.replica() // whose status may be another than 0
			f.must(f.broker.Stop())
			f.broker, f.Client = other, other.Client()
			i := begin(f)
			asked := time.Now()
			err := f.broker.StopWithin(shutdown + slack)
			took := time.Since(asked).Round(time.Millisecond)
			if log := other.Log(); took > shutdown+slack || !strings.Contains(log, `.interrupted"`) && !strings.Contains(log, "letting requests end") {
				t.Errorf("it ended after %s: %v", took, err)
			}
			t.Logf("it ended after %s", took)
			f.eventually("its sandboxes are gone", func() bool { return errors.Is(syscall.Kill(-f.broker.PID(), 0), syscall.ESRCH) })
			f.cf.Clear()
			f.start()
			f.delete(i)
		})
	}
}

// bindsForever begins a bind whose policies nobody takes, and returns when it has
// been recorded.
func (f *foundation) bindsForever(i rig.Instance) {
	f.t.Helper()
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Slow, Delay: time.Minute})
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = f.Bind(f.t.Context(), i, uuid.NewString(), f.app()) // it ends with the process
	}()
	f.t.Cleanup(func() { <-cut })
	f.eventually("the binding is recorded", func() bool {
		list, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(f.t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record=binding"})
		f.must(err)
		return len(list.Items) == 1
	})
}

// says waits until the operation says so.
func (f *foundation) says(words string, i rig.Instance, operation string) {
	f.t.Helper()
	f.eventually("it says "+words, func() bool {
		_, o, err := f.LastOperation(f.t.Context(), i, operation)
		f.must(err)
		return o.Description == words
	})
}
