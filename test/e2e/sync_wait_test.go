package e2e

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestSyncWait answers what is done soon in the request itself, at whatever
// replica, and everything else as ever.
func TestSyncWait(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"SYNC_WAIT": "25s"})
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
		f.deleted(i)(client.Deprovision(t.Context(), i))
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
	f.deleted(i)(f.Deprovision(t.Context(), i))

	i = f.instance("fixture", "plain")
	operation = f.want(202)(f.Provision(t.Context(), i, map[string]any{"broken": true})).Operation()
	if o := f.ended(i, operation); o.State != "failed" || o.Description == "" {
		t.Errorf("the create ended as %+v", o)
	}
	f.deleted(i)(f.Deprovision(t.Context(), i))
	f.nothingLeft(i)
}

// deleted waits until the instance is gone. How long Kubernetes takes for a
// namespace isn't the broker's to say, so either answer is right.
func (f *foundation) deleted(i rig.Instance) func(rig.Answer, error) {
	return func(answer rig.Answer, err error) {
		f.t.Helper()
		f.must(err)
		if answer.Status == 200 {
			return
		}
		if answer.Status != 202 {
			f.t.Fatalf("the delete was answered %d %s", answer.Status, answer.Body)
		}
		if o := f.ended(i, answer.Operation()); o.State != "gone" {
			f.t.Fatalf("the delete ended as %+v", o)
		}
	}
}
