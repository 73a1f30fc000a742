package e2e

import (
	"encoding/json"
	"testing"
)

// TestConformanceBind is "Binding" and "Fetching a Service Binding".
func TestConformanceBind(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", fields{"image": neverReady})
	f.table("nothing there", row{name: "bind", request: s.binding().put(), status: 404}, row{name: "fetch", request: s.binding().get(), status: 404})
	s.accepted(s.put())
	f.table("creating", row{name: "bind", request: s.binding().put(), status: 422, error: "ConcurrencyError"})
	s.deleting()
	f.table("deleting", row{name: "bind", request: s.binding().put(), status: 422, error: "ConcurrencyError"})

	s = f.subject("brief", fields{"broken": true})
	s.fails(s.accepted(s.put()))
	f.table("create failed", row{name: "bind", request: s.binding().put(), status: 422, words: "its create failed: installing the chart"})
	s.deleteFails()
	f.table("delete failed", row{name: "bind", request: s.binding().put(), status: 422, words: "its delete failed"})
	unbindable := f.made("unbindable", nil)
	f.table("not bindable", row{name: "bind", request: unbindable.binding().put(), status: 400, words: "not bindable"})

	s = f.made("plain", nil)
	refusedBinds(s)
	key := s.binding()
	f.table("created",
		row{name: "bind, by a platform that can't wait", request: s.binding().put().sync(), status: 201, words: `"credentials":{`},
		row{name: "app_guid in its old place", request: s.binding().put().with(fields{"bind_resource": absent{}, "app_guid": f.app()}), status: 201},
		row{name: "a service key", request: key.put().with(fields{"bind_resource": absent{}}), status: 201, words: `"credentials":{`},
		row{name: "the same key again", request: key.put().with(fields{"bind_resource": fields{}}), status: 200},
		row{name: "the key's id for an app", request: key.put(), status: 409},
		row{name: "an extension", request: s.binding().put().with(fields{"example.com/extension": 1}), status: 201},
		row{name: "fetch what isn't there", request: s.binding().get(), status: 404},
	)
	b := s.bound()
	sameBinds(b, "bound", 200, "")
	const leadsTo = `},"endpoints":[{"host":"`
	f.table("bound",
		row{name: "same, by a platform that can't wait", request: b.put().sync(), status: 200, words: leadsTo},
		row{name: "another one's endpoints", request: s.binding().put(), status: 201, words: leadsTo},
		row{name: "fetched endpoints", request: b.get(), status: 200, words: leadsTo},
	)
	bindsAcrossPlans(f)
	const whole = `"parameters":{"depth":1,"role":"reader"}}`
	f.table("bound", row{name: "fetch", request: b.get(), status: 200, words: whole}, row{name: "fetch without hints", request: b.get().without("service_id").without("plan_id"), status: 200, words: `{"credentials":{`})

	s.fails(s.accepted(s.patch(fields{"parameters": fields{"broken": true}})))
	f.table("update failed", row{name: "bind", request: s.binding().put(), status: 201})
	s.accepted(s.patch(fields{"parameters": fields{"image": neverReady}}))
	f.table("updating",
		row{name: "bind", request: s.binding().put(), status: 422, error: "ConcurrencyError"},
		row{name: "same again", request: b.put(), status: 200},
		row{name: "fetch", request: b.get(), status: 200, words: whole},
	)
}

func refusedBinds(s subject) {
	s.t.Helper()
	put, other, brief := s.binding().put(), s.instance("other", "default"), s.instance("conformance", "brief")
	s.table("created",
		row{name: "no body", request: put.text(""), status: 400},
		row{name: "malformed", request: put.text(`{`), status: 400},
		row{name: "no service_id", request: put.with(fields{"service_id": absent{}}), status: 400, words: "service_id"},
		row{name: "no plan_id", request: put.with(fields{"plan_id": absent{}}), status: 400, words: "plan_id"},
		row{name: "another service", request: put.with(fields{"service_id": other.Service.ID}), status: 400, words: "is of service"},
		row{name: "another plan", request: put.with(fields{"plan_id": brief.Plan.ID}), status: 400, words: "is of service"},
		row{name: "parameters no object", request: put.with(fields{"parameters": 1}), status: 400, words: "object"},
		row{name: "parameters against the schema", request: put.with(fields{"parameters": fields{"role": 1}}), status: 400, words: "role"},
		row{name: "app_guid no GUID", request: put.with(fields{"bind_resource": fields{"app_guid": "x; y"}}), status: 400, words: "app_guid"},
		row{name: "a route", request: put.with(fields{"bind_resource": fields{"route": "a.example.com"}}), status: 400, words: "route"},
		row{name: "a rotation", request: put.text(`{"predecessor_binding_id":"x"}`), status: 400, words: "service_id"},
	)
}

// sameBinds say the same as the bind that the binding comes from, or name its
// id and ask for something else.
func sameBinds(b binding, state string, status int, operation string) {
	b.t.Helper()
	b.table(state,
		row{name: "same again", request: b.put(), status: status, operation: operation},
		row{name: "respelt", request: b.put().with(fields{"parameters": fields{"role": "reader", "depth": 1}, "bind_resource": absent{}, "app_guid": b.app}), status: status, operation: operation},
		row{name: "another context", request: b.put().with(fields{"context": fields{"platform": "else"}}), status: status, operation: operation},
		row{name: "numbers respelt", request: b.put().with(fields{"parameters": json.RawMessage(`{"role":"reader","depth":1.0e0}`)}), status: status, operation: operation},
		row{name: "another app", request: b.put().with(fields{"bind_resource": fields{"app_guid": b.foundation.app()}}), status: 409},
		row{name: "another service", request: b.put().with(fields{"service_id": b.instance("other", "default").Service.ID}), status: 409},
		row{name: "another plan", request: b.put().with(fields{"plan_id": b.instance("conformance", "fixed").Plan.ID}), status: 409},
		row{name: "no app", request: b.put().with(fields{"bind_resource": absent{}}), status: 409},
		row{name: "other parameters", request: b.put().with(fields{"parameters": fields{"role": "writer"}}), status: 409},
		row{name: "no parameters", request: b.put().with(fields{"parameters": absent{}}), status: 409},
	)
}

// bindsAcrossPlans repeat a bind after the instance's plan has changed.
func bindsAcrossPlans(f *foundation) {
	f.t.Helper()
	s := f.made("plain", nil)
	b, brief := s.bound(), s.instance("conformance", "brief").Plan.ID
	s.ready(s.Instance, s.accepted(s.patch(fields{"plan_id": brief})))
	f.table("bound before the plan was changed",
		row{name: "same again", request: b.put(), status: 200},
		row{name: "same again, with the new plan", request: b.put().with(fields{"plan_id": brief}), status: 200},
		row{name: "a new one for the old plan", request: s.binding().put(), status: 400, words: "is of service"},
	)
}
