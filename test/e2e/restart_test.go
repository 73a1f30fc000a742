package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
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

// TestKilledWhileBindingAtOnce kills the broker between the record of a binding
// and its policies. Nobody was told that the binding exists: the next process
// takes it back.
func TestKilledWhileBindingAtOnce(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"BIND_TIMEOUT": "1s"})
	i := f.create("fixture", "plain", nil)
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Slow, Delay: time.Minute})
	binding, cut := uuid.NewString(), make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = f.Bind(t.Context(), i, binding, f.app()) // it ends with the process
	}()
	records := func() int {
		list, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record=binding"})
		f.must(err)
		return len(list.Items)
	}
	f.eventually("the binding is recorded", func() bool { return records() == 1 })
	f.must(f.broker.Kill())
	<-cut
	f.cf.Clear()
	f.start()
	f.eventually("the binding is taken back", func() bool { return records() == 0 })
	f.wantPolicies()
	f.want(201)(f.Bind(t.Context(), i, binding, f.app()))
}
