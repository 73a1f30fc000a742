package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// asked is an operation that the broker is asked for.
type asked struct {
	*foundation
	rig.Instance
	binding string
	late    bool // it isn't to end within SYNC_WAIT, or DELETE_WAIT
}

// TestOutcomes holds the answer to each operation against what it came to: one
// that platforms take for the end is given only for a success. An unbind has no
// failure: it goes on until it is done.
func TestOutcomes(t *testing.T) {
	type fields = map[string]any
	for name, c := range map[string]struct {
		plan string // of the instance that is there already
		ask  func(asked) rig.Answer
		// within is the status if it ends within that time; else it is always 202.
		within int
		// state is what whoever polls is told in the end.
		state string
	}{
		"create succeeds": {"", func(a asked) rig.Answer { return a.create(nil) }, 201, "succeeded"},
		"create fails":    {"", func(a asked) rig.Answer { return a.create(fields{"broken": true}) }, 202, "failed"},
		"update succeeds": {"std", func(a asked) rig.Answer { return a.update(fields{"note": "new"}) }, 200, "succeeded"},
		"update fails":    {"std", func(a asked) rig.Answer { return a.update(fields{"size": "2Gi"}) }, 202, "failed"},
		"delete succeeds": {"std", asked.delete, 200, "gone"},
		"delete fails":    {"hasty", asked.deleteHeld, 202, "failed"},
		"bind succeeds":   {"std", func(a asked) rig.Answer { return a.bind(nil) }, 201, "succeeded"},
		"bind fails":      {"std", func(a asked) rig.Answer { return a.bind(fields{"fail": true}) }, 500, "failed"},
		"unbind succeeds": {"std", asked.unbind, 200, "gone"},
	} {
		for when, wait := range map[string][2]string{"within": {"25s", "40s"}, "after": {"1ms", "1ms"}} {
			t.Run(name+" "+when, func(t *testing.T) {
				f := newFoundation(t, "charts-outcomes", map[string]string{"SYNC_WAIT": wait[0], "DELETE_WAIT": wait[1]})
				a := asked{foundation: f, late: when == "after", Instance: f.instance("disk", "std")}
				if c.plan != "" {
					a.Instance = f.instance("disk", c.plan)
					a.done(a.create(nil))
				}
				if strings.Contains(name, "bind") {
					a.binding = uuid.NewString()
				}
				answer, want := c.ask(a), c.within
				if a.late {
					want = http.StatusAccepted
				}
				if answer.Status != want {
					t.Fatalf("answered %d %s, want %d", answer.Status, answer.Body, want)
				}
				if answer.Status != http.StatusAccepted {
					return
				}
				if o := a.outcome(answer.Operation()); o.State != c.state || o.State == "failed" && o.Description == "" {
					t.Errorf("it ended as %+v, want %s", o, c.state)
				}
			})
		}
	}
}

func (a asked) answered(answer rig.Answer, err error) rig.Answer {
	a.t.Helper()
	a.must(err)
	return answer
}

// done waits until the instance is there.
func (a asked) done(answer rig.Answer) {
	a.t.Helper()
	if answer.Status == http.StatusAccepted {
		a.ready(a.Instance, answer.Operation())
	}
}

// outcome polls what goes on after its answer.
func (a asked) outcome(operation string) rig.Operation {
	a.t.Helper()
	if a.binding == "" {
		return a.ended(a.Instance, operation)
	}
	var o rig.Operation
	a.eventually("the binding's operation has ended", func() bool {
		answer := a.answered(a.pollBinding(a.Instance, a.binding, operation))
		a.must(answer.Decode(&o))
		if answer.Status == http.StatusGone {
			o.State = "gone"
		}
		return o.State != "in progress"
	})
	return o
}

func (a asked) create(parameters map[string]any) rig.Answer {
	a.t.Helper()
	return a.answered(a.Provision(a.t.Context(), a.Instance, parameters))
}

func (a asked) update(parameters map[string]any) rig.Answer {
	a.t.Helper()
	return a.answered(a.Update(a.t.Context(), a.Instance, map[string]any{"parameters": parameters}))
}

func (a asked) delete() rig.Answer {
	a.t.Helper()
	return a.answered(a.Deprovision(a.t.Context(), a.Instance))
}

// deleteHeld deletes what can't go before the test is over.
func (a asked) deleteHeld() rig.Answer {
	a.t.Helper()
	a.t.Cleanup(a.hold(a.Instance))
	return a.delete()
}

// bind binds an app. A bind that is to end late finds no pod, which comes after
// the answer.
func (a asked) bind(parameters map[string]any) rig.Answer {
	a.t.Helper()
	if a.late {
		a.pods(0)
		defer a.pods(1)
	}
	app := a.app()
	return a.answered(a.Send(a.t.Context(), http.MethodPut, bindingPath(a.Instance, a.binding)+"?accepts_incomplete=true", map[string]any{
		"service_id": a.Service.ID, "plan_id": a.Plan.ID, "app_guid": app, "bind_resource": map[string]any{"app_guid": app}, "parameters": parameters,
	}))
}

// unbind unbinds an app. One that is to end late finds no policy server, which
// comes back after the answer.
func (a asked) unbind() rig.Answer {
	a.t.Helper()
	a.want(http.StatusCreated)(a.bindLater(a.Instance, a.binding, a.app()))
	if a.late {
		a.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Down})
		defer a.cf.Clear()
	}
	return a.answered(a.Unbind(a.t.Context(), a.Instance, a.binding))
}

// pods changes the number of the instance's pods behind the broker's back, and
// waits for the last to be gone.
func (a asked) pods(replicas int) {
	a.t.Helper()
	sets, err := kube.AppsV1().StatefulSets(a.namespace(a.Instance)).List(a.t.Context(), metav1.ListOptions{})
	a.must(err)
	_, err = kube.AppsV1().StatefulSets(a.namespace(a.Instance)).Patch(a.t.Context(), sets.Items[0].Name, types.MergePatchType,
		fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas), metav1.PatchOptions{})
	a.must(err)
	if replicas == 0 {
		a.eventually("no pod is left", func() bool { return len(a.foundation.pods(a.Instance)) == 0 })
	}
}

// TestLongReasons ends a create at once that fails with more words than a record
// can hold. What is told, then and later, is short and says what to do; the
// rest is in the log.
func TestLongReasons(t *testing.T) {
	for name, c := range map[string]struct {
		parameters map[string]any
		says, logs []string
	}{
		"objects": {map[string]any{"objects": 9000}, []string{"object-name-number-0 in", " and 8995 more", "take them out of the chart"}, []string{"object-name-number-8999 "}},
		"words":   {map[string]any{"words": 300_000}, []string{"it begins word", " […] ", "it ends"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts-outcomes", nil)
			i := f.instance("sprawl", "std")
			operation := f.want(202)(f.Provision(t.Context(), i, c.parameters)).Operation()
			o := f.ended(i, operation)
			bind := f.want(422)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
			for where, text := range map[string]string{"last_operation": o.Description, "a bind": bind.Description()} {
				if o.State != "failed" || len(text) > 1100 {
					t.Errorf("%s says of the create, which %s, %d bytes: %.2000s", where, o.State, len(text), text)
				}
				f.contains(text, c.says...)
			}
			f.contains(f.broker.Log(), c.logs...)
			if attempts := strings.Count(f.broker.Log(), `"cf-helm-broker.operation.create.start"`); attempts != 1 {
				t.Errorf("the create was begun %d times", attempts)
			}
			f.delete(i)
		})
	}
}
