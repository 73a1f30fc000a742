package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestKilledWhileCreating kills the broker in the middle of a create; the next
// process finishes it.
func TestKilledWhileCreating(t *testing.T) {
	f := newFoundation(t, sampleCharts, nil)
	i := f.instance("redis", "cache")
	operation := f.want(202)(f.Provision(t.Context(), i, nil)).Operation()
	f.eventually("the chart is being installed", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return o.Description != "" && o.Description != "creating the namespace"
	})
	f.must(f.broker.Kill())
	f.start()
	f.ready(i, operation)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.delete(i)
}

// TestKilledWhileDeleting kills the broker in the middle of a delete.
func TestKilledWhileDeleting(t *testing.T) {
	f := newFoundation(t, sampleCharts, nil)
	i := f.create("echo", "single", nil)
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	f.must(f.broker.Kill())
	f.start()
	if o := f.ended(i, operation); o.State != "gone" {
		t.Fatalf("the delete ended as %+v", o)
	}
	f.nothingLeft(i)
}

// TestOrderlyStop stops the broker in the middle of a create.
func TestOrderlyStop(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.instance("fixture", "plain")
	operation := f.want(202)(f.Provision(t.Context(), i, map[string]any{"image": "fault.local/never-ready:1"})).Operation()
	f.eventually("the create waits for its pod", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return strings.Contains(o.Description, "pods ready")
	})
	if err := f.broker.Stop(); err != nil {
		t.Fatalf("the broker didn't stop in order: %v", err)
	}
	f.start()
	if _, o, err := f.LastOperation(t.Context(), i, operation); err != nil || o.State != "in progress" {
		t.Fatalf("after the restart the create is %+v, %v", o, err)
	}
	f.delete(i)
}
