package e2e

import "testing"

// TestConformanceUnbind is "Unbinding". It is never asynchronous.
func TestConformanceUnbind(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	nowhere := f.subject("plain", nil).binding()
	f.table("no instance", row{name: "unbind", request: nowhere.remove(), status: 410})
	s := f.made("plain", nil)
	f.table("no binding", row{name: "unbind", request: s.binding().remove(), status: 410})
	b, second, third := s.bound(), s.bound(), s.bound()
	elsewhere := s.bound()
	elsewhere.Service.ID, elsewhere.Plan.ID = "another", "another"
	f.table("bound",
		row{name: "no service_id", request: b.remove().without("service_id"), status: 400, words: "service_id"},
		row{name: "no plan_id", request: b.remove().without("plan_id"), status: 400, words: "plan_id"},
		row{name: "it is still there", request: b.get(), status: 200},
		row{name: "unbind", request: b.remove(), status: 200, words: "{}"},
		row{name: "again", request: b.remove(), status: 410},
		row{name: "a platform that can't wait", request: second.remove().sync(), status: 200},
		row{name: "another service and plan", request: elsewhere.remove(), status: 200},
		row{name: "bind anew under the id", request: b.put(), status: 201},
	)
	s.accepted(s.patch(fields{"parameters": fields{"image": neverReady}}))
	f.table("updating", row{name: "unbind", request: third.remove(), status: 200})
}

// TestConformanceDeprovision is "Deprovisioning" and the instances' half of
// "Orphan Mitigation". 200 is never given: every delete is asynchronous.
func TestConformanceDeprovision(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", fields{"image": neverReady})
	refusedDeletes(s, "nothing there", 410, "")
	f.table("nothing there", row{name: "delete", request: s.remove(), status: 410})

	create := s.accepted(s.put())
	refusedDeletes(s, "creating", 422, "AsyncRequired")
	s.goes(s.accepted(s.remove()))
	goneFor(s, "created, then deleted", create)
	s.accepted(s.put()) // the id is free again

	s = f.made("plain", nil)
	update := s.accepted(s.patch(fields{"parameters": fields{"image": neverReady}}))
	remove, letGo := s.deleting()
	s.fails(update)
	f.table("deleting",
		row{name: "the update", request: s.poll(update), status: 200, words: `"state":"failed","description":"the operation was ended by a later delete`},
		row{name: "again", request: s.remove(), status: 202, operation: remove},
		row{name: "a platform that can't wait", request: s.remove().sync(), status: 422, error: "AsyncRequired"},
	)
	letGo()
	s.goes(remove)
	goneFor(s, "updated, then deleted", remove)

	s = f.subject("plain", fields{"broken": true})
	s.fails(s.accepted(s.put()))
	s.Service.ID, s.Plan.ID = "another", "another"
	s.goes(s.accepted(s.remove()))
	goneFor(s, "create failed, then deleted", "")

	s = f.made("plain", nil).brief()
	b := s.bound()
	s.fails(s.accepted(s.patch(fields{"parameters": fields{"broken": true}})))
	failed := s.deleteFails()
	refusedDeletes(s, "delete failed", 422, "AsyncRequired")
	remove = s.accepted(s.remove())
	if remove == failed {
		t.Errorf("the delete after the failed one has the same operation %s", failed)
	}
	s.goes(remove)
	goneFor(s, "delete failed, then deleted", remove)
	f.table("gone", row{name: "its binding", request: b.get(), status: 404}, row{name: "unbind", request: b.remove(), status: 410})
}

func refusedDeletes(s subject, state string, status int, key string) {
	s.t.Helper()
	s.table(state,
		row{name: "no service_id", request: s.remove().without("service_id"), status: 400, words: "service_id"},
		row{name: "no plan_id", request: s.remove().without("plan_id"), status: 400, words: "plan_id"},
		row{name: "a platform that can't wait", request: s.remove().sync(), status: status, error: key},
		row{name: "no accepts_incomplete", request: s.remove().without("accepts_incomplete"), status: status, error: key},
	)
}

// goneFor says that nothing is left to be deleted.
func goneFor(s subject, state, operation string) {
	s.t.Helper()
	s.table(state,
		row{name: "delete", request: s.remove(), status: 410},
		row{name: "delete, by a platform that can't wait", request: s.remove().sync(), status: 410},
		row{name: "poll", request: s.poll(operation), status: 410},
	)
}
