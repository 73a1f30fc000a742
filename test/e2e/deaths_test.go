package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const endedTwice = "the broker's process ended twice while doing this"

// again ends the broker, and starts another that has taken the operation up when
// this returns, unless it ends it instead.
func (f *foundation) again(end func(*rig.Broker) error, i rig.Instance, operation string) {
	f.t.Helper()
	f.must(end(f.broker))
	f.start()
	f.eventually("the next process has taken it up", func() bool {
		_, o, err := f.LastOperation(f.t.Context(), i, operation)
		f.must(err)
		return o.State != "in progress" || strings.Contains(f.broker.Log(), `"operation":"`+operation) && strings.Contains(f.broker.Log(), ".start\"")
	})
}

// TestKilledTwiceWhileCreating doesn't try what has ended two processes a third
// time, and stops of a process don't count.
func TestKilledTwiceWhileCreating(t *testing.T) {
	for name, c := range map[string]struct {
		ends []func(*rig.Broker) error
		dies bool
	}{
		"killed once":                {[]func(*rig.Broker) error{(*rig.Broker).Kill}, false},
		"killed twice":               {[]func(*rig.Broker) error{(*rig.Broker).Kill, (*rig.Broker).Kill}, true},
		"killed, stopped and killed": {[]func(*rig.Broker) error{(*rig.Broker).Kill, (*rig.Broker).Stop, (*rig.Broker).Kill}, true},
		"stopped three times":        {[]func(*rig.Broker) error{(*rig.Broker).Stop, (*rig.Broker).Stop, (*rig.Broker).Stop}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts", nil)
			i, operation := f.stuck()
			for _, end := range c.ends {
				f.again(end, i, operation)
			}
			if c.dies {
				if o := f.ended(i, operation); o.State != "failed" || !strings.HasPrefix(o.Description, endedTwice) {
					t.Errorf("the create ended as %+v", o)
				}
			} else {
				f.heal(kube, i)
				f.ready(i, operation)
			}
			f.delete(i)
		})
	}
}

// TestKilledTwiceWhileUpdating brings the instance back to what it was.
func TestKilledTwiceWhileUpdating(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"number": 1})
	change := map[string]any{"parameters": map[string]any{"number": 2, "image": "fault.local/never-ready:1"}}
	operation := f.want(202)(f.Update(t.Context(), i, change)).Operation()
	f.eventually("the update waits for its pod", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return strings.Contains(o.Description, "ready")
	})
	f.again((*rig.Broker).Kill, i, operation)
	f.again((*rig.Broker).Kill, i, operation)
	if o := f.ended(i, operation); o.State != "failed" || !strings.HasPrefix(o.Description, endedTwice) || !strings.HasSuffix(o.Description, "as it was before") {
		t.Errorf("the update ended as %+v", o)
	}
	var fetched struct{ Parameters map[string]any }
	f.must(json.Unmarshal(f.want(200)(f.Fetch(t.Context(), i)).Body, &fetched))
	if fetched.Parameters["number"] != 1.0 || fetched.Parameters["image"] != nil {
		t.Errorf("after the update its parameters are %v", fetched.Parameters)
	}
	for _, pod := range f.pods(i) {
		if strings.Contains(pod.Spec.Containers[0].Image, "never-ready") && pod.DeletionTimestamp == nil {
			t.Errorf("the update's pod %s is left", pod.Name)
		}
	}
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.delete(i)
}
