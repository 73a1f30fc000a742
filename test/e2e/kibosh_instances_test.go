package e2e

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// TestKiboshInstanceDeleted deletes what Kibosh has made, asked for by two
// requests at once.
func TestKiboshInstanceDeleted(t *testing.T) {
	f := newFoundation(t, kiboshCharts, nil)
	i := f.kiboshInstance(nil)
	// The platform deletes the bindings first.
	f.want(410)(f.Unbind(t.Context(), i, uuid.NewString()))

	answers := make([]rig.Answer, 2)
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() {
			answer, err := f.Deprovision(t.Context(), i)
			if err != nil {
				t.Error(err)
			}
			answers[n] = answer
		})
	}
	group.Wait()
	for _, answer := range answers {
		if answer.Status != 202 || answer.Operation() == "" || answer.Operation() != answers[0].Operation() {
			t.Fatalf("one of two deletes was answered %d %s, the other %d %s", answer.Status, answer.Body, answers[0].Status, answers[0].Body)
		}
	}
	f.goneFromKibosh(i, answers[0].Operation())
	f.want(410)(f.Deprovision(t.Context(), i))
}

// TestKiboshInstanceHeldUp has something in the way of the delete, and the
// broker killed meanwhile.
func TestKiboshInstanceHeldUp(t *testing.T) {
	f := newFoundation(t, kiboshCharts, map[string]string{"OPERATION_TIMEOUT": "75s"})
	i := f.kiboshInstance(nil)
	held := kube.CoreV1().ConfigMaps(kiboshNamespace(i))
	_, err := held.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/held"}}}, metav1.CreateOptions{})
	f.must(err)
	operation := f.want(202)(f.Deprovision(t.Context(), i)).Operation()
	f.must(f.broker.Kill())
	f.start()
	if o := f.ended(i, operation); o.State != "failed" || !strings.Contains(o.Description, "example.com/held") {
		t.Errorf("the delete ended as %+v", o)
	}
	for name, request := range map[string]func() (rig.Answer, error){
		"bind":   func() (rig.Answer, error) { return f.Bind(t.Context(), i, uuid.NewString(), "") },
		"update": func() (rig.Answer, error) { return f.Update(t.Context(), i, map[string]any{"plan_id": i.Plan.ID}) },
	} {
		answer, err := request()
		f.must(err)
		if answer.Status != 422 || !strings.Contains(answer.Description(), "its delete failed") {
			t.Errorf("%s after a delete that failed: status %d %s, want 422 with the reason", name, answer.Status, answer.Body)
		}
	}
	f.want(404)(f.Fetch(t.Context(), i))
	_, err = held.Patch(t.Context(), "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	f.must(err)
	f.timeLimit(patience)
	f.goneFromKibosh(i, f.want(202)(f.Deprovision(t.Context(), i)).Operation())
}

// TestKiboshInstanceLeftAlone keeps away from namespaces that Kibosh hasn't
// made for this very instance.
func TestKiboshInstanceLeftAlone(t *testing.T) {
	f := newFoundation(t, kiboshCharts, nil)
	for name, labels := range map[string]map[string]string{
		"no labels":          {"instanceID": "", "app.kubernetes.io/managed-by": "", "serviceID": "", "planID": ""},
		"another's id":       {"instanceID": uuid.NewString()},
		"no id":              {"instanceID": ""},
		"managed by another": {"app.kubernetes.io/managed-by": "Helm"},
		"managed by nobody":  {"app.kubernetes.io/managed-by": ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := f.kiboshInstance(labels)
			f.want(410)(f.Deprovision(t.Context(), i))
			have, err := kube.CoreV1().Namespaces().Get(t.Context(), kiboshNamespace(i), metav1.GetOptions{})
			f.must(err)
			if have.DeletionTimestamp != nil {
				t.Error("the namespace is being deleted")
			}
			f.nothingLeft(i)
		})
	}
}
