package e2e

import (
	"context"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

const (
	conformanceCharts = "charts-conformance"
	neverReady        = "fault.local/never-ready:1"
)

// subject is the service instance that the requests are about.
type subject struct {
	*foundation
	rig.Instance
	parameters fields
}

func (f *foundation) subject(plan string, parameters fields) subject {
	f.t.Helper()
	return subject{f, f.instance("conformance", plan), parameters}
}

// made provisions the instance.
func (f *foundation) made(plan string, parameters fields) subject {
	f.t.Helper()
	s := f.subject(plan, parameters)
	s.ready(s.Instance, s.accepted(s.put()))
	return s
}

// spelt are the parameters as written, with the others of the subject after them.
func (s subject) spelt(text string) json.RawMessage {
	written := "{ " + text
	for name, value := range s.parameters {
		if strings.Contains(text, `"`+name+`"`) {
			continue
		}
		encoded, err := json.Marshal(value)
		s.must(err)
		written += `, "` + name + `" : ` + string(encoded)
	}
	return json.RawMessage(written + "}")
}

// brief changes the instance to the plan that has little time.
func (s subject) brief() subject {
	s.t.Helper()
	plan := s.instance("conformance", "brief").Plan
	s.ready(s.Instance, s.accepted(s.patch(fields{"plan_id": plan.ID})))
	s.Plan = plan
	return s
}

// accepted sends a request that begins an operation and returns that.
func (s subject) accepted(r request) string {
	s.t.Helper()
	answer := s.answer(s.t, r)
	row{status: 202}.check(s.t, answer)
	return answer.Operation()
}

// fails waits until the operation has failed.
func (s subject) fails(operation string) {
	s.t.Helper()
	if o := s.ended(s.Instance, operation); o.State != "failed" {
		s.t.Fatalf("the operation ended as %+v, want a failure", o)
	}
}

// goes waits until the delete has left nothing.
func (s subject) goes(operation string) {
	s.t.Helper()
	if o := s.ended(s.Instance, operation); o.State != "gone" {
		s.t.Fatalf("the delete ended as %+v", o)
	}
	s.nothingLeft(s.Instance)
}

// hold keeps the instance's namespace from being deleted until it is let go.
func (s subject) hold() (letGo func()) {
	s.t.Helper()
	maps := kube.CoreV1().ConfigMaps(s.namespace(s.Instance))
	held := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"example.com/held"}}}
	s.eventually("the namespace is there", func() bool {
		_, err := maps.Create(s.t.Context(), held, metav1.CreateOptions{})
		return err == nil
	})
	letGo = func() {
		_, _ = maps.Patch(context.Background(), "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	}
	s.t.Cleanup(letGo)
	return letGo
}

// deleting begins a delete that doesn't end until it is let go.
func (s subject) deleting() (operation string, letGo func()) {
	s.t.Helper()
	letGo = s.hold()
	return s.accepted(s.remove()), letGo
}

// deleteFails has a delete of the instance fail, and then takes the cause away.
func (s subject) deleteFails() string {
	s.t.Helper()
	if s.Plan.Name != "brief" {
		s.t.Fatal("only an instance of plan brief has a delete that fails soon")
	}
	operation, letGo := s.deleting()
	s.fails(operation)
	letGo()
	s.eventually("the namespace is gone", func() bool {
		_, err := kube.CoreV1().Namespaces().Get(s.t.Context(), s.namespace(s.Instance), metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
	return operation
}
