package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestOverriddenThroughParameter sets what a chart's author never meant
// developers to set: an image. The plan whose allowed_parameters don't name it refuses.
func TestOverriddenThroughParameter(t *testing.T) {
	f := newFoundation(t, "charts-attack", nil)
	const stolen = "registry.example.com/miner:1"
	parameters := map[string]any{"attempt": "override", "image": stolen}
	open := f.create("attack", "open", parameters)
	if pods := f.pods(open); len(pods) != 1 || pods[0].Spec.Containers[0].Image != stolen {
		t.Errorf("without the protection the pods are %+v", pods)
	}
	refused := f.want(400)(f.Provision(t.Context(), f.instance("attack", "closed"), parameters))
	if !strings.Contains(refused.Description(), `doesn't let you set "image"`) {
		t.Errorf("the refusal is %s", refused.Body)
	}
	closed := f.create("attack", "closed", map[string]any{"attempt": "override"})
	for what, parameters := range map[string]map[string]any{"the image": {"image": stolen}, "the namespace": {"victim": "kube-system"}, "global": {"global": map[string]any{"image": stolen}}} {
		answer, err := f.Update(t.Context(), closed, map[string]any{"parameters": parameters})
		f.must(err)
		if answer.Status != 400 || !strings.Contains(answer.Description(), "doesn't let you set") {
			t.Errorf("an update of %s is answered %d %s", what, answer.Status, answer.Body)
		}
	}
	// Nor does a change to the plan that refuses them keep what the other one took.
	answer, err := f.Update(t.Context(), open, map[string]any{"plan_id": closed.Plan.ID})
	f.must(err)
	if answer.Status != 400 || !strings.Contains(answer.Description(), "can't be kept") {
		t.Errorf("a change of the plan is answered %d %s", answer.Status, answer.Body)
	}
}

// TestForeignIDs uses the ids of one instance and its bindings with another.
func TestForeignIDs(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	victim, attacker := f.create("fixture", "plain", nil), f.create("fixture", "plain", nil)
	binding, app := uuid.NewString(), f.app()
	f.want(201)(f.Bind(t.Context(), victim, binding, app))
	before := f.cf.Policies()
	credentials := f.want(200)(f.FetchBinding(t.Context(), victim, binding)).Body

	f.want(410)(f.Unbind(t.Context(), attacker, binding))
	f.want(404)(f.FetchBinding(t.Context(), attacker, binding))
	if after := f.cf.Policies(); !slices.Equal(before, after) {
		t.Errorf("unbinding another instance's binding left the policies %v of %v", after, before)
	}
	// The same id of a binding is another binding in another instance.
	own := f.want(201)(f.Bind(t.Context(), attacker, binding, f.app())).Body
	if string(own) == string(credentials) {
		t.Error("a binding of one instance got the credentials of another's")
	}
	f.want(200)(f.Unbind(t.Context(), attacker, binding))
	if got := f.want(200)(f.FetchBinding(t.Context(), victim, binding)).Body; string(got) != string(credentials) {
		t.Errorf("the victim's binding is now %s, was %s", got, credentials)
	}
	// An id that is one only when read otherwise: a path, another case, a name that isn't finished.
	for _, id := range []string{"..%2F" + victim.ID, strings.ToUpper(victim.ID), victim.ID + ".", victim.ID[:35], victim.ID + "%00"} {
		answer, err := f.Send(t.Context(), "GET", "/v2/service_instances/"+id, nil)
		f.must(err)
		if answer.Status != 404 && answer.Status != 400 {
			t.Errorf("the instance %s is answered %d %s", id, answer.Status, answer.Body)
		}
		answer, err = f.Send(t.Context(), "DELETE", "/v2/service_instances/"+id+"?accepts_incomplete=true&service_id="+victim.Service.ID+"&plan_id="+victim.Plan.ID, nil)
		f.must(err)
		if !slices.Contains([]int{400, 404, 410}, answer.Status) {
			t.Errorf("a delete of the instance %s is answered %d %s", id, answer.Status, answer.Body)
		}
	}
	f.want(200)(f.Fetch(t.Context(), victim))
}
