package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

func bindingPath(i rig.Instance, binding string) string {
	return "/v2/service_instances/" + i.ID + "/service_bindings/" + binding
}

// bindLater binds as a platform does that can wait.
func (f *foundation) bindLater(i rig.Instance, binding, app string) (rig.Answer, error) {
	return f.Send(f.t.Context(), http.MethodPut, bindingPath(i, binding)+"?accepts_incomplete=true", map[string]any{
		"service_id": i.Service.ID, "plan_id": i.Plan.ID, "app_guid": app, "bind_resource": map[string]any{"app_guid": app},
	})
}

func (f *foundation) pollBinding(i rig.Instance, binding, operation string) (rig.Answer, error) {
	return f.Send(f.t.Context(), http.MethodGet, bindingPath(i, binding)+"/last_operation?service_id="+i.Service.ID+"&plan_id="+i.Plan.ID+"&operation="+operation, nil)
}

// bindingEnded waits until the binding's operation has ended.
func (f *foundation) bindingEnded(i rig.Instance, binding, operation string) (o rig.Operation) {
	f.t.Helper()
	f.eventually("the binding's operation has ended", func() bool {
		f.must(f.want(200)(f.pollBinding(i, binding, operation)).Decode(&o))
		return o.State != "in progress"
	})
	return o
}

// waitingBinding is a binding of an instance that has no pod.
func (f *foundation) waitingBinding() (i rig.Instance, binding, app, operation string) {
	f.t.Helper()
	i, binding, app = f.create("fixture", "plain", nil), uuid.NewString(), f.app()
	f.scale(i, 0)
	operation = f.want(202)(f.bindLater(i, binding, app)).Operation()
	if operation == "" {
		f.t.Fatal("the bind was accepted without an operation")
	}
	return i, binding, app, operation
}

// fixturePolicies are those of an app that is bound to the chart fixture.
func fixturePolicies(i rig.Instance, app string) []cf.Policy {
	return []cf.Policy{cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "udp", 5353, 5353)}
}

// wantBound fails unless the binding has been made and opens its policies.
func (f *foundation) wantBound(i rig.Instance, binding, app, operation string) {
	f.t.Helper()
	if o := f.bindingEnded(i, binding, operation); o.State != "succeeded" {
		f.t.Fatalf("the bind ended as %+v", o)
	}
	var body struct{ Credentials credentials }
	f.must(f.want(200)(f.FetchBinding(f.t.Context(), i, binding)).Decode(&body))
	if pods := body.Credentials.Pods; len(pods) != 1 || pods[0].IP != f.pods(i)[0].Status.PodIP {
		f.t.Errorf("the binding has the pods %+v, want %s", pods, f.pods(i)[0].Status.PodIP)
	}
	f.wantPolicies(fixturePolicies(i, app)...)
}

// TestBindLater makes a binding when the instance's pod is ready.
func TestBindLater(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"BIND_TIMEOUT": "1s"})
	i, binding, app, operation := f.waitingBinding()
	var o rig.Operation
	f.must(f.want(200)(f.pollBinding(i, binding, operation)).Decode(&o))
	if o.State != "in progress" || !strings.Contains(o.Description, "no pod") {
		t.Errorf("the bind is %+v", o)
	}
	metrics := f.want(200)(f.Send(t.Context(), http.MethodGet, "/metrics", nil))
	if !strings.Contains(string(metrics.Body), `cf_helm_broker_operation_seconds_count{result="succeeded",type="bind"} 0`+"\n") {
		t.Error("a binding that waits counts as one that succeeded")
	}
	f.want(404)(f.FetchBinding(t.Context(), i, binding))
	if again := f.want(202)(f.bindLater(i, binding, app)).Operation(); again != operation {
		t.Errorf("the same bind again got operation %q, want %q", again, operation)
	}
	f.want(409)(f.bindLater(i, binding, f.app()))
	if sync, err := f.Bind(t.Context(), i, binding, app); err != nil || sync.Status != 422 || !strings.Contains(string(sync.Body), "AsyncRequired") {
		t.Errorf("the same bind by a platform that can't wait was answered %d %s, %v", sync.Status, sync.Body, err)
	}
	// A platform that can't wait is asked to come again, and leaves nothing.
	impatient := uuid.NewString()
	f.want(503)(f.Bind(t.Context(), i, impatient, app))
	f.want(410)(f.Unbind(t.Context(), i, impatient))
	f.wantPolicies()

	f.scale(i, 1)
	f.wantBound(i, binding, app, operation)
	made, fetched := f.want(200)(f.bindLater(i, binding, app)), f.want(200)(f.FetchBinding(t.Context(), i, binding))
	var one, other struct{ Credentials json.RawMessage }
	f.must(made.Decode(&one))
	f.must(fetched.Decode(&other))
	if string(one.Credentials) != string(other.Credentials) {
		t.Errorf("the same bind again got %s, fetching it %s", made.Body, fetched.Body)
	}
	f.want(201)(f.bindLater(i, uuid.NewString(), app)) // a pod is ready: no need to wait
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.wantPolicies(fixturePolicies(i, app)...) // the other binding's
	f.delete(i)
}

// TestKilledWhileBinding has the next process make the binding.
func TestKilledWhileBinding(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i, binding, app, operation := f.waitingBinding()
	f.must(f.broker.Kill())
	f.scale(i, 1)
	f.start()
	f.wantBound(i, binding, app, operation)
}

// TestUnbindWhileBinding revokes a binding that waits: it never opens
// anything.
func TestUnbindWhileBinding(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"POLICY_RESYNC": "200ms"})
	i, binding, _, operation := f.waitingBinding()
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.want(410)(f.pollBinding(i, binding, operation))
	f.want(410)(f.Unbind(t.Context(), i, binding))
	f.scale(i, 1)
	other, app := uuid.NewString(), f.app()
	f.want(201)(f.Bind(t.Context(), i, other, app))
	f.rounds(2)
	f.wantPolicies(fixturePolicies(i, app)...)
	if writes := f.cf.Writes(); len(writes) != 1 {
		t.Errorf("policies were written %d times, want by the other binding alone: %+v", len(writes), writes)
	}
}

// TestUnbindStorm revokes bindings in the very moment in which they are made.
func TestUnbindStorm(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"POLICY_RESYNC": "200ms"})
	i, first, app, _ := f.waitingBinding()
	bindings := []string{first}
	for range 11 {
		bindings = append(bindings, uuid.NewString())
		f.want(202)(f.bindLater(i, bindings[len(bindings)-1], app))
	}
	f.scale(i, 1)
	f.eventually("the first policies are open", func() bool { return len(f.cf.Policies()) > 0 })
	var storm sync.WaitGroup
	for _, binding := range bindings {
		storm.Go(func() {
			if answer, err := f.Unbind(t.Context(), i, binding); err != nil || answer.Status != 200 {
				t.Errorf("unbind: %d %s %v", answer.Status, answer.Body, err)
			}
		})
	}
	storm.Wait()
	f.wantPolicies()
	f.rounds(2)
	f.wantPolicies()
	for _, binding := range bindings {
		f.want(410)(f.Unbind(t.Context(), i, binding))
	}
}

// TestBindNeverReady gives up after the time limit, with the reason; the
// binding can then be made anew.
func TestBindNeverReady(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i, binding, app := f.create("fixture", "plain", nil), uuid.NewString(), f.app()
	f.image(i, "fault.local/never-ready:1")
	f.timeLimit(10 * time.Second)
	operation := f.want(202)(f.bindLater(i, binding, app)).Operation()
	o := f.bindingEnded(i, binding, operation)
	if o.State != "failed" || !strings.Contains(o.Description, "no pod of the service instance is ready") || !strings.Contains(o.Description, "pod k-") {
		t.Errorf("the bind ended as %+v", o)
	}
	f.want(404)(f.FetchBinding(t.Context(), i, binding))
	f.image(i, "registry.example.com/fixture:1")
	f.eventually("a pod is ready", func() bool {
		answer, err := f.Bind(t.Context(), i, uuid.NewString(), "")
		f.must(err)
		return answer.Status == 201
	})
	f.wantPolicies()
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.want(201)(f.bindLater(i, binding, app))
	f.wantPolicies(fixturePolicies(i, app)...)
}

// image gives the instance's pods another image behind the broker's back.
func (f *foundation) image(i rig.Instance, image string) {
	f.t.Helper()
	deployments := kube.AppsV1().Deployments(f.namespace(i))
	list, err := deployments.List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	patch := `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"spec":{"containers":[{"name":"main","image":"` + image + `"}]}}}}`
	_, err = deployments.Patch(f.t.Context(), list.Items[0].Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	f.must(err)
	f.eventually("the pods have the image", func() bool {
		for _, pod := range f.pods(i) {
			if pod.Spec.Containers[0].Image != image {
				return false
			}
		}
		return len(f.pods(i)) > 0
	})
}

// TestDeleteWhileBinding deletes the instance of a binding that waits.
func TestDeleteWhileBinding(t *testing.T) {
	// The binding doesn't keep the only worker from the delete.
	f := newFoundation(t, "charts", map[string]string{"OPERATION_WORKERS": "1", "OPERATIONS_AT_ONCE": "1"})
	i, binding, _, operation := f.waitingBinding()
	deleting := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	f.eventually("the delete is under way", func() bool {
		answer, o, err := f.LastOperation(t.Context(), i, deleting)
		f.must(err)
		return answer.Status == 410 || o.Description != ""
	})
	if o := f.ended(i, deleting); o.State != "gone" {
		t.Fatalf("the delete ended as %+v", o)
	}
	f.nothingLeft(i)
	f.want(410)(f.pollBinding(i, binding, operation))
	f.want(410)(f.Unbind(t.Context(), i, binding))
	if writes := f.cf.Writes(); len(writes) != 0 {
		t.Errorf("policies were written: %+v", writes)
	}
}
