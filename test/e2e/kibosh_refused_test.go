package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestKiboshInstanceOnlyDeleted refuses everything else with words that say
// what can be done.
func TestKiboshInstanceOnlyDeleted(t *testing.T) {
	f := newFoundation(t, kiboshCharts, nil)
	i := f.kiboshInstance(nil)
	path := "/v2/service_instances/" + i.ID
	ids := "service_id=" + i.Service.ID + "&plan_id=" + i.Plan.ID
	binding := path + "/service_bindings/" + uuid.NewString()
	body := map[string]any{"service_id": i.Service.ID, "plan_id": i.Plan.ID}
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		word         string
	}{
		"fetch":                {http.MethodGet, path, nil, 404, "made by Kibosh"},
		"bind":                 {http.MethodPut, binding, body, 404, "made by Kibosh"},
		"update":               {http.MethodPatch, path + "?accepts_incomplete=true", body, 404, "made by Kibosh"},
		"fetch binding":        {http.MethodGet, binding, nil, 404, "does not exist"},
		"unbind":               {http.MethodDelete, binding + "?" + ids, nil, 410, ""},
		"delete, not waiting":  {http.MethodDelete, path + "?" + ids, nil, 422, "asynchronous"},
		"poll without request": {http.MethodGet, path + "/last_operation?" + ids, nil, 410, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := f.Send(t.Context(), c.method, c.path, c.body)
			f.must(err)
			if answer.Status != c.status || !strings.Contains(answer.Description(), c.word) {
				t.Errorf("status %d %s, want %d with %q", answer.Status, answer.Body, c.status, c.word)
			}
		})
	}
	f.goneFromKibosh(i, f.want(202)(f.Deprovision(t.Context(), i)).Operation())
}

// TestKiboshInstanceBeingDeleted answers other requests meanwhile.
func TestKiboshInstanceBeingDeleted(t *testing.T) {
	f := newFoundation(t, kiboshCharts, nil)
	i := f.kiboshInstance(nil)
	held := kube.CoreV1().ConfigMaps(kiboshNamespace(i))
	_, err := held.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/held"}}}, metav1.CreateOptions{})
	f.must(err)
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	for name, request := range map[string]func() (rig.Answer, error){
		"fetch":  func() (rig.Answer, error) { return f.Fetch(t.Context(), i) },
		"bind":   func() (rig.Answer, error) { return f.Bind(t.Context(), i, uuid.NewString(), "") },
		"create": func() (rig.Answer, error) { return f.Provision(t.Context(), i, nil) },
		"update": func() (rig.Answer, error) { return f.Update(t.Context(), i, map[string]any{"plan_id": i.Plan.ID}) },
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := request()
			f.must(err)
			if answer.Status != 422 || !strings.Contains(string(answer.Body), "ConcurrencyError") {
				t.Errorf("status %d %s, want 422 ConcurrencyError", answer.Status, answer.Body)
			}
		})
	}
	if again := f.want(202)(f.Deprovision(t.Context(), i)); again.Operation() != operation {
		t.Errorf("the same delete again got the operation %s, want %s", again.Operation(), operation)
	}
	_, err = held.Patch(t.Context(), "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	f.must(err)
	f.goneFromKibosh(i, operation)
}
