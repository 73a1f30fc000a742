package e2e

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestSyncWait answers what is done soon in the request itself, at whatever
// replica, and everything else as ever.
func TestSyncWait(t *testing.T) {
	f := newFoundationOn(t, shared, "charts", map[string]string{"SYNC_WAIT": "25s", "DELETE_WAIT": "40s"})
	for _, client := range []*rig.Client{f.Client, f.replica().Client()} {
		i := f.instance("fixture", "plain")
		f.want(201)(client.Provision(t.Context(), i, nil))
		f.want(200)(client.Provision(t.Context(), i, nil)) // the same again
		if len(f.pods(i)) != 1 {
			t.Errorf("after the create there are %d pods", len(f.pods(i)))
		}
		f.want(200)(client.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"number": 5}}))
		if data := f.data(i); data["number"] != "5" {
			t.Errorf("after the update the number is %s", data["number"])
		}
		f.scale(i, 0)
		binding, app := uuid.NewString(), f.app()
		bound := make(chan rig.Answer, 1)
		go func() {
			answer, err := f.bindLater(i, binding, app)
			if err != nil {
				t.Error(err)
			}
			bound <- answer
		}()
		f.scale(i, 1)
		if answer := <-bound; answer.Status != 201 {
			t.Errorf("a bind while the pod comes got %d %s", answer.Status, answer.Body)
		}
		f.want(200)(client.Deprovision(t.Context(), i))
		f.nothingLeft(i)
	}
}

// TestSyncWaitEnds answers 202 for what takes longer, and for a failure, which
// is told to whoever polls. A repeated request doesn't wait.
func TestSyncWaitEnds(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"SYNC_WAIT": "5s"})
	i := f.instance("fixture", "plain")
	never := map[string]any{"image": cluster.ImageNeverReady + ":1"}
	operation := f.want(202)(f.Provision(t.Context(), i, never)).Operation()
	begin := time.Now()
	if again := f.want(202)(f.Provision(t.Context(), i, never)).Operation(); again != operation || time.Since(begin) > 4*time.Second {
		t.Errorf("the same create got the operation %s after %s, want %s at once", again, time.Since(begin), operation)
	}
	f.delete(i)

	i = f.instance("fixture", "plain")
	operation = f.want(202)(f.Provision(t.Context(), i, map[string]any{"broken": true})).Operation()
	if o := f.ended(i, operation); o.State != "failed" || o.Description == "" {
		t.Errorf("the create ended as %+v", o)
	}
	f.delete(i)
}

// TestWaitsEndWithTheBroker answers a delete 202 that waits when the broker is stopped,
// which whoever stops it needn't wait for. The next process carries it through.
func TestWaitsEndWithTheBroker(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"DELETE_WAIT": "40s", "SHUTDOWN_TIMEOUT": "30s"})
	i := f.create("fixture", "plain", nil)
	free := f.hold(i)
	answered := make(chan rig.Answer, 1)
	go func() {
		answer, err := f.Deprovision(t.Context(), i)
		if err != nil {
			t.Error(err)
		}
		answered <- answer
	}()
	f.eventually("the namespace is being deleted", func() bool {
		namespace, err := kube.CoreV1().Namespaces().Get(t.Context(), f.namespace(i), metav1.GetOptions{})
		f.must(err)
		return namespace.DeletionTimestamp != nil
	})
	f.must(f.broker.StopWithin(20 * time.Second))
	answer := <-answered
	if answer.Status != http.StatusAccepted {
		t.Fatalf("the delete was answered %d %s", answer.Status, answer.Body)
	}
	f.start()
	free()
	if o := f.ended(i, answer.Operation()); o.State != "gone" {
		t.Errorf("the delete ended as %+v", o)
	}
	f.nothingLeft(i)
}

// hold keeps the instance's namespace from going, until free is called.
func (f *foundation) hold(i rig.Instance) (free func()) {
	f.t.Helper()
	patch := func(finalizers string) {
		f.t.Helper()
		_, err := kube.CoreV1().Namespaces().Patch(context.WithoutCancel(f.t.Context()), f.namespace(i), types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{})
		f.must(err)
	}
	patch(`["example.com/hold"]`)
	return func() { patch("null") }
}
