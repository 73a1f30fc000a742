package faults

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// cut is one kind of operation, to be cut off at each of its writes.
type cut struct {
	// prepare makes what the operation needs. What it returns carries the
	// operation through, whatever it takes, and notes what was acknowledged.
	prepare func(w *world, n int) (carry func())
	// fewest is the number of writes that the operation has for certain: a count
	// below it would mean that the gate sees nothing.
	fewest   int
	settings map[string]string
}

var toCredHub = map[string]string{credHubClient: "vault"}

var toApp = map[string]string{"POLICY_DESTINATION": "app", "CF_ORG": "demo", "CF_SPACE": "dev"}

// TestEveryWrite ends the broker right after each write that an operation
// sends to Kubernetes or to the policy API, one after the other, until the
// operation has no more.
func TestEveryWrite(t *testing.T) {
	for name, c := range map[string]cut{
		"create": {fewest: 6, prepare: func(w *world, n int) func() {
			i := w.newInstance(n)
			return func() { w.create(i) }
		}},
		"create with a placeholder app": {fewest: 9, settings: toApp, prepare: func(w *world, n int) func() {
			i := w.newInstance(n)
			return func() { w.create(i) }
		}},
		// What Cloud Foundry does after a create that was cut off, and an impatient
		// developer at any time.
		"create, then delete": {fewest: 9, prepare: func(w *world, n int) func() {
			i := w.newInstance(n)
			return func() { w.createAndDelete(i) }
		}},
		"create with a ClusterRole, then delete": {fewest: 10, prepare: func(w *world, n int) func() {
			i := w.instanceOf("varied", withRole, n)
			return func() { w.createAndDelete(i) }
		}},
		"delete with a volume that is kept": {fewest: 7, prepare: func(w *world, n int) func() {
			i := w.instanceOf("varied", withKept, n)
			w.create(i)
			return func() { w.delete(i) }
		}},
		"update": {fewest: 5, prepare: func(w *world, _ int) func() {
			i := w.only()
			return func() { w.update(i, i.number+1) }
		}},
		"bind": {fewest: 3, prepare: func(w *world, _ int) func() {
			i, binding, app := w.only(), uuid.NewString(), w.app()
			return func() { w.bind(i, binding, app) }
		}},
		"bind, then unbind": {fewest: 3, prepare: bindAndUnbind},
		"unbind": {fewest: 3, prepare: func(w *world, _ int) func() {
			i, binding := w.only(), uuid.NewString()
			w.bind(i, binding, w.app())
			return func() { w.unbind(i, binding) }
		}},
		"bind with CredHub, then unbind": {fewest: 7, settings: toCredHub, prepare: bindAndUnbind},
		// With a binding that the platform has left.
		"delete": {fewest: 8, settings: toCredHub, prepare: func(w *world, n int) func() {
			i := w.newInstance(n)
			w.create(i)
			w.bind(i, uuid.NewString(), w.app())
			return func() { w.delete(i) }
		}},
	} {
		for _, before := range []bool{false, true} {
			for replicas := 1; replicas <= 2; replicas++ {
				if (before || replicas > 1) && !long {
					continue
				}
				t.Run(fmt.Sprintf("%s, before=%t, replicas=%d", name, before, replicas), func(t *testing.T) {
					t.Parallel()
					sweep(newWorld(t, shared, replicas, c.settings), c, before)
				})
			}
		}
	}
}

func bindAndUnbind(w *world, _ int) func() {
	i, binding, app := w.only(), uuid.NewString(), w.app()
	return func() {
		w.send(w.binder(i, binding, app))
		w.unbind(i, binding)
	}
}

// sweep cuts the operation at its first write, at its second, and so on, and
// lets the truths agree after each.
func sweep(w *world, c cut, before bool) {
	w.t.Helper()
	for n := 1; ; n++ {
		carry := c.prepare(w, n)
		w.rest()
		w.arm(n, before)
		carry()
		w.rest()
		struck := w.disarm()
		if len(struck) == 0 {
			w.t.Logf("%d writes", n-1)
			if n-1 < c.fewest {
				w.t.Errorf("there must be %d writes at least", c.fewest)
			}
			return
		}
		w.t.Logf("cut at write %d: %v", n, struck)
	}
}

// only is the world's one instance, made when it is first asked for.
func (w *world) only() *instance {
	w.t.Helper()
	for _, i := range w.instances {
		return i
	}
	i := w.newInstance(0)
	w.create(i)
	return i
}

// createAndDelete deletes the instance when its create has ended or was cut.
func (w *world) createAndDelete(i *instance) {
	w.t.Helper()
	if w.createUntilCut(i); w.struck() == nil {
		w.disarm() // the delete has a sweep of its own
	}
	w.delete(i)
}

// createUntilCut asks for the instance once, and polls until the create has
// ended or was cut.
func (w *world) createUntilCut(i *instance) {
	w.t.Helper()
	answer := w.send(w.provision(i))
	w.eventually(func() string {
		if answer.Status != http.StatusAccepted || w.struck() != nil {
			return ""
		}
		return w.progress(i, answer.Operation())
	})
}

// progress is what a poll says of an operation that is running, else "".
func (w *world) progress(i *instance, operation string) string {
	answer := w.send(w.poller(i, operation))
	var o rig.Operation
	if err := answer.Decode(&o); err != nil || o.State != "in progress" {
		return ""
	}
	return o.State + ": " + o.Description
}

func (w *world) arm(n int, before bool) {
	for _, r := range w.replicas {
		r.gate.arm(n, before)
	}
}

// struck are the writes at which the gates have struck since they were armed.
func (w *world) struck() (at []string) {
	for _, r := range w.replicas {
		if write := r.gate.hit(); write != "" {
			at = append(at, write)
		}
	}
	return at
}

// disarm is struck, for the last time.
func (w *world) disarm() []string {
	for _, r := range w.replicas {
		r.gate.disarm()
	}
	return w.struck()
}
