package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// data is the fixture's Secret: what the release was rendered with.
func (f *foundation) data(i rig.Instance) map[string]string {
	f.t.Helper()
	secrets, err := kube.CoreV1().Secrets(f.namespace(i)).List(f.t.Context(), metav1.ListOptions{FieldSelector: "type=Opaque"})
	f.must(err)
	data := map[string]string{}
	for key, value := range secrets.Items[0].Data {
		data[key] = string(value)
	}
	return data
}

func (f *foundation) update(i rig.Instance, body map[string]any) {
	f.t.Helper()
	f.ready(i, f.want(202)(f.Update(f.t.Context(), i, body)).Operation())
}

// parameters are those that fetching the instance shows.
func (f *foundation) fetched(i rig.Instance) (plan string, parameters map[string]any) {
	f.t.Helper()
	var body struct {
		PlanID     string         `json:"plan_id"`
		Parameters map[string]any `json:"parameters"`
	}
	f.must(f.want(200)(f.Fetch(f.t.Context(), i)).Decode(&body))
	return body.PlanID, body.Parameters
}

// TestUpdate changes parameters, plan and context of an instance. What its plan
// files and the chart have generated stays.
func TestUpdate(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"number": 1})
	told, made := f.data(i)["told"], f.data(i)["made"]
	if other := f.data(f.create("fixture", "plain", nil))["told"]; len(told) != 24 || told == other {
		t.Errorf("the plan file had %q generated, and %q for another instance", told, other)
	}
	binding := uuid.NewString()
	bound := f.want(201)(f.Bind(t.Context(), i, binding, f.app()))
	if fetched := f.want(200)(f.FetchBinding(t.Context(), i, binding)); !strings.Contains(string(fetched.Body), `"credentials":{"secrets"`) {
		t.Errorf("fetching the binding got %s, it was issued as %s", fetched.Body, bound.Body)
	}

	f.update(i, map[string]any{"parameters": map[string]any{"marked": "second"}})
	if data := f.data(i); data["number"] != "1" || data["marked"] != "second" {
		t.Errorf("after parameters were added the release has %v", data)
	}
	_, wide, err := f.catalog.Find("fixture", "wide")
	f.must(err)
	f.update(i, map[string]any{"plan_id": wide.ID})
	if data := f.data(i); data["number"] != "1" || data["marked"] != "second" || data["told"] != told || data["made"] != made || len(f.pods(i)) != 2 {
		t.Errorf("after the plan was changed there are %d pods, and the release has %v", len(f.pods(i)), data)
	}
	if plan, parameters := f.fetched(i); plan != wide.ID || parameters["marked"] != "second" {
		t.Errorf("the instance has plan %s and parameters %v", plan, parameters)
	}
	namespace, err := kube.CoreV1().Namespaces().Get(t.Context(), f.namespace(i), metav1.GetOptions{})
	f.must(err)
	if label := namespace.Labels["cf-helm-broker.io/plan"]; label != "wide" {
		t.Errorf("the namespace's plan label is %q", label)
	}
	// A rename, the same again, and nothing at all need no Helm.
	f.want(200)(f.Update(t.Context(), i, map[string]any{"context": map[string]any{"instance_name": "renamed"}}))
	f.want(200)(f.Update(t.Context(), i, map[string]any{"plan_id": wide.ID, "parameters": map[string]any{"marked": "second"}}))
	f.want(200)(f.Update(t.Context(), i, nil))
	f.delete(i)
	f.want(404)(f.Fetch(t.Context(), i))
}

// TestFailedUpdate goes back to what was before, and leaves the instance usable
// and updatable.
func TestFailedUpdate(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"number": 1})
	f.timeLimit(20 * time.Second)
	made := f.data(i)["made"]
	for name, c := range map[string]struct {
		parameters map[string]any
		want       string
	}{
		"never ready": {map[string]any{"image": "fault.local/pull-error:1", "number": 2}, "can't pull its image"},
		"invalid":     {map[string]any{"broken": true, "number": 2}, "upgrading the chart"},
	} {
		operation := f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": c.parameters})).Operation()
		o := f.ended(i, operation)
		if o.State != "failed" || !strings.Contains(o.Description, c.want) || !strings.Contains(o.Description, "as it was before") {
			t.Errorf("%s: the update ended as %+v", name, o)
		}
		if data := f.data(i); data["number"] != "1" || data["made"] != made {
			t.Errorf("%s: the release has %v", name, data)
		}
		if _, parameters := f.fetched(i); parameters["number"] != 1.0 || len(parameters) != 1 {
			t.Errorf("%s: the instance has %v", name, parameters)
		}
		f.want(201)(f.Bind(t.Context(), i, uuid.NewString(), f.app()))
	}
	f.timeLimit(patience)
	f.update(i, map[string]any{"parameters": map[string]any{"number": 3}})
	if data := f.data(i); data["number"] != "3" {
		t.Errorf("the release has %v", data)
	}
}

// TestKilledWhileUpdating finishes the update in the next process.
func TestKilledWhileUpdating(t *testing.T) {
	f := newFoundation(t, "charts", nil)
	i := f.create("fixture", "plain", map[string]any{"number": 1})
	operation := f.want(202)(f.Update(t.Context(), i, map[string]any{"parameters": map[string]any{"number": 2, "replicas": 3}})).Operation()
	f.eventually("the release is being upgraded", func() bool {
		_, o, err := f.LastOperation(t.Context(), i, operation)
		f.must(err)
		return o.Description != "" || o.State != "in progress"
	})
	f.must(f.broker.Kill())
	f.start()
	f.ready(i, operation)
	if data := f.data(i); data["number"] != "2" || len(f.pods(i)) != 3 {
		t.Errorf("there are %d pods, and the release has %v", len(f.pods(i)), data)
	}
}

// TestChartUpgrade keeps an instance on its chart until it is upgraded.
func TestChartUpgrade(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("charts")); err != nil {
		t.Fatal(err)
	}
	f := newFoundation(t, folder, nil)
	i := f.create("fixture", "plain", nil)
	f.must(f.broker.Stop())
	file := filepath.Join(folder, "fixture", "Chart.yaml")
	text, err := os.ReadFile(file)
	f.must(err)
	f.must(os.WriteFile(file, []byte(strings.Replace(string(text), "1.0.0", "1.1.0", 1)), 0o600))
	f.start()

	f.update(i, map[string]any{"parameters": map[string]any{"number": 2}})
	if data := f.data(i); data["version"] != "1.0.0" || data["number"] != "2" {
		t.Errorf("after an update without maintenance_info the release has %v", data)
	}
	f.update(i, map[string]any{"maintenance_info": map[string]any{"version": "1.1.0"}})
	if data := f.data(i); data["version"] != "1.1.0" || data["number"] != "2" {
		t.Errorf("after the upgrade the release has %v", data)
	}
	f.want(200)(f.Update(t.Context(), i, map[string]any{"maintenance_info": map[string]any{"version": "1.1.0"}}))
	f.want(422)(f.Update(t.Context(), i, map[string]any{"maintenance_info": map[string]any{"version": "1.0.0"}}))
}
