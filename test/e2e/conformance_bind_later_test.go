package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestConformanceBindLater is the asynchronous half of "Binding", and "Polling
// Last Operation for Service Bindings": no pod is ready.
func TestConformanceBindLater(t *testing.T) {
	f := newFoundation(t, conformanceCharts, map[string]string{"BIND_TIMEOUT": "1s"})
	s := f.made("plain", nil)
	nowhere := s.binding()
	f.table("no binding",
		row{name: "poll", request: nowhere.poll(uuid.NewString()), status: 410},
		row{name: "poll, no operation named", request: nowhere.poll(""), status: 410},
	)
	odd := nowhere
	odd.id = "No_Id"
	f.table("no binding", row{name: "poll, an id that can't be", request: odd.poll(""), status: 400})

	f.scale(s.Instance, 0)
	f.table("no pod ready", row{name: "bind, by a platform that can't wait", request: s.binding().put().sync(), status: 503, words: "no pod of the service instance is ready"})
	b, revoked := s.binding(), s.binding()
	operation := s.accepted(b.put())
	s.accepted(revoked.put())
	sameBinds(b, "waiting for a pod", 202, operation)
	f.table("waiting for a pod", row{name: "same, by a platform that can't wait", request: b.put().sync(), status: 422, error: "AsyncRequired"})
	f.table("waiting for a pod", row{name: "fetch", request: b.get(), status: 404})
	polledBinding(b, "waiting for a pod", operation, `"state":"in progress","description":"no pod`)
	f.table("waiting for a pod",
		row{name: "unbind", request: revoked.remove(), status: 200},
		row{name: "poll after unbind", request: revoked.poll(""), status: 410},
		row{name: "fetch after unbind", request: revoked.get(), status: 404},
	)

	f.scale(s.Instance, 1)
	f.eventually("the binding is made", func() bool { return f.answer(t, b.get()).Status == 200 })
	polledBinding(b, "made", operation, `{"state":"succeeded"}`)
	sameBinds(b, "made", 200, "")
	f.table("made",
		row{name: "fetch", request: b.get(), status: 200, words: `{"credentials":{`},
		row{name: "fetched endpoints", request: b.get(), status: 200, words: `},"endpoints":[{"host":"`},
	)
	at := s.bound()
	polledBinding(at, "made at once", "", `{"state":"succeeded"}`)
}

// TestConformanceBindFailed has no pod become ready in time.
func TestConformanceBindFailed(t *testing.T) {
	f := newFoundation(t, conformanceCharts, map[string]string{"OPERATION_TIMEOUT": "2s"})
	s := f.made("patient", nil)
	f.scale(s.Instance, 0)
	b := s.binding()
	operation := s.accepted(b.put())
	f.eventually("the bind has failed", func() bool {
		return strings.Contains(string(f.answer(t, b.poll(operation)).Body), `"state":"failed"`)
	})
	sameBinds(b, "bind failed", 202, operation)
	polledBinding(b, "bind failed", operation, `"state":"failed","description":"no pod`)
	f.table("bind failed",
		row{name: "fetch", request: b.get(), status: 404},
		row{name: "unbind", request: b.remove(), status: 200},
		row{name: "unbind again", request: b.remove(), status: 410},
		row{name: "poll after unbind", request: b.poll(operation), status: 410},
	)
}

// polledBinding polls the operation in each form that a platform may.
func polledBinding(b binding, state, operation, words string) {
	b.t.Helper()
	b.table(state,
		row{name: "poll", request: b.poll(operation), status: 200, words: words},
		row{name: "poll, no operation named", request: b.poll(""), status: 200, words: words},
		row{name: "poll without hints", request: b.poll(operation).without("service_id").without("plan_id"), status: 200, words: words},
	)
}
