package e2e

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestFailingCharts holds the words that a developer reads against what is
// wrong, and deletes what is left.
func TestFailingCharts(t *testing.T) {
	for name, failing := range map[string]struct {
		plan       string
		parameters map[string]any
		limit      string
		want       []string
		event      string // in the instance's namespace; "": none is looked for
	}{
		"image":   {"unpullable", nil, "20s", []string{"0 of 1 pods ready", "pod k-", "can't pull its image fault.local/pull-error/fixture:1", "time limit 20s"}, "NotReadyInTime"},
		"crash":   {"plain", map[string]any{"image": "fault.local/crash:1"}, "20s", []string{"0 of 1 pods ready", "pod k-", "keeps crashing", "exited with code 1"}, ""},
		"probe":   {"plain", map[string]any{"image": "fault.local/never-ready:1"}, "20s", []string{"0 of 1 pods ready", "pod k-", "not ready"}, ""},
		"job":     {"plain", map[string]any{"job": "fault.local/crash:1"}, "1m", []string{"Job k-", "failed"}, "CreateFailed"},
		"stopped": {"plain", map[string]any{"replicas": 0}, "1m", []string{"no pod of the service instance would ever serve, since Deployment k-", "is asked for 0 replicas; ask for one at least"}, ""},
		"api":     {"plain", map[string]any{"broken": true}, "1m", []string{"installing the chart", "Deployment"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts", map[string]string{"OPERATION_TIMEOUT": failing.limit})
			i := f.instance("fixture", failing.plan)
			operation := f.want(202)(f.Provision(t.Context(), i, failing.parameters)).Operation()
			o := f.ended(i, operation)
			if o.State != "failed" {
				t.Fatalf("the create ended as %q: %s", o.State, o.Description)
			}
			for _, words := range failing.want {
				if !strings.Contains(o.Description, words) {
					t.Errorf("the description doesn't say %q: %s", words, o.Description)
				}
			}
			if failing.event != "" {
				f.eventually("the namespace tells of it", func() bool { return f.told(i, failing.event, "create failed: "+o.Description) })
			}
			answer := f.want(422)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
			if !strings.Contains(answer.Description(), "failed") {
				t.Errorf("binding to it was refused with: %s", answer.Body)
			}
			again := f.want(202)(f.Provision(t.Context(), i, failing.parameters))
			if again.Operation() != operation {
				t.Errorf("the same create again got operation %q, want the failed one %q", again.Operation(), operation)
			}
			// The time limit is for the create; a delete has to wait for the
			// namespace.
			f.timeLimit(patience)
			f.delete(i)
		})
	}
}

// told tells whether an Event in the instance's namespace says so.
func (f *foundation) told(i rig.Instance, reason, note string) bool {
	f.t.Helper()
	all, err := kube.EventsV1().Events(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	return slices.ContainsFunc(all.Items, func(e eventsv1.Event) bool {
		return e.ReportingController == "cf-helm-broker" && e.Reason == reason && e.Note == note
	})
}

// TestProgress sees a create report how many pods are ready.
func TestProgress(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.instance("fixture", "plain")
	operation := f.want(202)(f.Provision(t.Context(), i, map[string]any{"replicas": 3, "image": "fault.local/never-ready:1"})).Operation()
	f.eventually("0 of 3 pods ready", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return strings.HasPrefix(o.Description, "0 of 3 pods ready")
	})
	busy := f.want(422)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if !strings.Contains(string(busy.Body), "ConcurrencyError") {
		t.Errorf("a bind during the create was refused with %s", busy.Body)
	}

	// A delete cancels the create; whoever still polls the create isn't told
	// the delete's outcome.
	deleting := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	if again := f.want(202)(f.Deprovision(t.Context(), i)).Operation(); again != deleting {
		t.Errorf("the same delete again got operation %q, want %q", again, deleting)
	}
	if o := f.ended(i, operation); o.State != "failed" || !strings.Contains(o.Description, "later delete") {
		t.Errorf("the cancelled create ended as %+v", o)
	}
	f.want(422)(f.Provision(t.Context(), i, nil))
	if o := f.ended(i, deleting); o.State != "gone" {
		t.Fatalf("the delete ended as %+v", o)
	}
	f.nothingLeft(i)
}

// TestNoReadyPod binds while the instance has no pod, and then while its first
// pod is on its way.
func TestNoReadyPod(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"BIND_TIMEOUT": "2s"})
	i := f.create("fixture", "plain", nil)
	f.scale(i, 0)
	answer := f.want(503)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	if !strings.Contains(answer.Description(), "no pod of the service instance is ready") || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the answer doesn't help: %v %s", answer.Header, answer.Body)
	}
	f.wantPolicies()
	f.scale(i, 1)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
}

// scale changes the number of the instance's pods behind the broker's back.
func (f *foundation) scale(i rig.Instance, replicas int32) {
	f.t.Helper()
	deployments := kube.AppsV1().Deployments(f.namespace(i))
	list, err := deployments.List(f.t.Context(), metav1.ListOptions{})
	f.must(err)
	patch := []byte(`{"spec":{"replicas":` + strconv.Itoa(int(replicas)) + `}}`) // Kubernetes' controllers write to it as well
	_, err = deployments.Patch(f.t.Context(), list.Items[0].Name, types.MergePatchType, patch, metav1.PatchOptions{})
	f.must(err)
	if replicas == 0 {
		f.eventually("no pod is left", func() bool { return len(f.pods(i)) == 0 })
	}
}

// TestPolicyAPIDown binds and unbinds while CF doesn't answer: nothing stays
// half-done, and the same request works when CF is back.
func TestPolicyAPIDown(t *testing.T) {
	for name, fault := range map[string]struct {
		part cf.Part
		kind cf.Kind
		want int
	}{
		"policy API down":          {cf.PolicyAPI, cf.Down, 503},
		"policy API broken":        {cf.PolicyAPI, cf.ServerError, 503},
		"policy API forbids":       {cf.PolicyAPI, cf.Forbidden, 500},
		"policy API's 401 for all": {cf.PolicyAPI, cf.Unauthorized, 500},
		"UAA down":                 {cf.UAA, cf.Down, 503},
		"CF API down":              {cf.APIRoot, cf.Down, 503},
		"CF API's JSON broken":     {cf.APIRoot, cf.InvalidJSON, 500},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFoundation(t, "charts", nil)
			i := f.create("fixture", "plain", nil)
			app, binding := f.app(), uuid.NewString()
			f.cf.Fault(fault.part, cf.Fault{Kind: fault.kind})
			answer := f.want(fault.want)(f.Bind(t.Context(), i, binding, app))
			if fault.want == 503 && answer.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			if !strings.Contains(answer.Description(), "polic") || !strings.Contains(answer.Description(), "correlation id") {
				t.Errorf("the answer doesn't help: %s", answer.Body)
			}
			f.cf.Clear()
			f.wantPolicies()
			// What the platform does after such an answer: orphan mitigation.
			cleared, err := f.Unbind(t.Context(), i, binding)
			f.must(err)
			if cleared.Status != 200 && cleared.Status != 410 {
				t.Fatalf("unbinding what failed answered %d: %s", cleared.Status, cleared.Body)
			}
			f.want(201)(f.Bind(t.Context(), i, binding, app))
			if len(f.cf.Policies()) != 2 {
				t.Errorf("after CF came back there are %d policies, want 2", len(f.cf.Policies()))
			}
			f.want(200)(f.Unbind(t.Context(), i, binding))
			f.wantPolicies()
		})
	}
}

// TestUnbindWhilePolicyAPIDown keeps the binding as a tombstone until its
// policies can be closed.
func TestUnbindWhilePolicyAPIDown(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	app, binding := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, app))
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Down})
	path := "/v2/service_instances/" + i.ID + "/service_bindings/" + binding
	query := "?service_id=" + i.Service.ID + "&plan_id=" + i.Plan.ID
	f.want(503)(f.Send(t.Context(), "DELETE", path+query, nil))
	if operation := f.want(202)(f.Unbind(t.Context(), i, binding)).Operation(); operation == "" {
		t.Error("the unbind that goes on names no operation")
	}
	if poll := f.want(200)(f.Send(t.Context(), "GET", path+"/last_operation"+query+"&operation=unbind", nil)); !strings.Contains(string(poll.Body), "in progress") {
		t.Errorf("polling the unbind got %s", poll.Body)
	}
	f.want(422)(f.Bind(t.Context(), i, binding, app))
	f.cf.Clear()
	f.eventually("the unbind has ended by itself", func() bool {
		answer, err := f.Send(t.Context(), "GET", path+"/last_operation"+query+"&operation=unbind", nil)
		f.must(err)
		return answer.Status == 410
	})
	f.wantPolicies()
	f.want(410)(f.Unbind(t.Context(), i, binding))
}

// TestDeleteWhilePolicyAPIDown deletes an instance whose policies can't be
// closed yet; they are closed when CF is back, without anybody asking.
func TestDeleteWhilePolicyAPIDown(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Down})
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	if o := f.ended(i, operation); o.State != "gone" {
		t.Fatalf("the delete ended as %+v", o)
	}
	f.refused("of 1 revoked binding of service instances that are gone policies may be open still", "none")
	f.cf.Clear()
	f.eventually("the policies are closed and nothing is left", func() bool {
		records, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record"})
		f.must(err)
		return len(f.cf.Policies()) == 0 && len(records.Items) == 0
	})
	f.nothingLeft(i)
	f.operator(0, "none")
}

// TestLostPolicies come back by themselves, and nothing is posted while none
// are lost; those of an unbound app stay gone.
func TestLostPolicies(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"POLICY_RESYNC": "200ms"})
	i := f.create("fixture", "plain", nil)
	app, binding := f.app(), uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, app))
	open := []cf.Policy{cf.NewPolicy(app, i.ID, "tcp", 8080, 8080), cf.NewPolicy(app, i.ID, "udp", 5353, 5353)}
	f.wantPolicies(open...)
	f.rounds(3)
	if posts := f.posts(); posts != 1 {
		t.Errorf("%d posts, want the bind's alone", posts)
	}

	lost, err := f.cf.Cleanup()
	f.must(err)
	if len(lost) != 2 {
		t.Fatalf("the cleanup deleted %+v, want both policies", lost)
	}
	f.eventually("the policies are back", func() bool { return len(f.cf.Policies()) == 2 })
	f.wantPolicies(open...)
	if posts := f.posts(); posts != 2 {
		t.Errorf("%d posts, want one more than the bind's", posts)
	}
	f.cf.DeletePolicies(open[0])
	f.eventually("the policy is back", func() bool { return len(f.cf.Policies()) == 2 })

	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.rounds(3)
	f.wantPolicies()
}

// posts counts the requests that have opened policies.
func (f *foundation) posts() int {
	return f.cf.Requests()["POST /networking/v1/external/policies"]
}

// rounds waits until the broker has looked at the policies some more times, or
// has nothing to look for.
func (f *foundation) rounds(n int) {
	f.t.Helper()
	const list = "GET /networking/v1/external/policies"
	start := f.cf.Requests()[list]
	deadline := time.Now().Add(3 * time.Second)
	for f.cf.Requests()[list] < start+n && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
}

// TestUnbindDuringBind is the platform's orphan mitigation: it deletes the
// binding while the policies are still being posted.
func TestUnbindDuringBind(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	app, binding := f.app(), uuid.NewString()
	f.cf.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Slow, Delay: 2 * time.Second, Times: 1})
	bound := make(chan rig.Answer, 1)
	go func() {
		answer, err := f.Bind(t.Context(), i, binding, app)
		if err != nil {
			t.Error(err)
		}
		bound <- answer
	}()
	f.eventually("the bind has been recorded", func() bool {
		records, err := kube.CoreV1().Secrets(f.settings["BROKER_NAMESPACE"]).List(t.Context(), metav1.ListOptions{LabelSelector: "cf-helm-broker.io/record=binding"})
		f.must(err)
		return len(records.Items) == 1
	})
	f.want(200)(f.Unbind(t.Context(), i, binding))
	if answer := <-bound; answer.Status != 201 {
		t.Errorf("the bind was answered %d: %s", answer.Status, answer.Body)
	}
	f.wantPolicies()
	f.want(410)(f.Unbind(t.Context(), i, binding))
}

// TestBindStorm binds and unbinds one app many times at once.
func TestBindStorm(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", nil)
	app := f.app()
	var storm sync.WaitGroup
	for range 12 {
		storm.Go(func() {
			for range 5 {
				binding := uuid.NewString()
				if answer, err := f.Bind(t.Context(), i, binding, app); err != nil || answer.Status != 201 {
					t.Errorf("bind: %d %s %v", answer.Status, answer.Body, err)
				}
				if answer, err := f.Unbind(t.Context(), i, binding); err != nil || answer.Status != 200 {
					t.Errorf("unbind: %d %s %v", answer.Status, answer.Body, err)
				}
			}
		})
	}
	storm.Wait()
	f.wantPolicies()
}

func TestPoliciesOff(t *testing.T) {
	f := newFoundation(t, "charts", map[string]string{"CF_API_ADDRESS": ""})
	if !strings.Contains(f.broker.Log(), "policies-off") {
		t.Error("the broker doesn't say at its start that policies are off")
	}
	i := f.create("fixture", "plain", nil)
	binding := uuid.NewString()
	f.want(201)(f.Bind(t.Context(), i, binding, f.app()))
	f.wantPolicies()
	f.want(200)(f.Unbind(t.Context(), i, binding))
	f.delete(i)
}
