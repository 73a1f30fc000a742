package e2e

import "testing"

// TestConformanceUpdate is "Updating a Service Instance".
func TestConformanceUpdate(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", fields{"image": neverReady})
	change := s.patch(fields{"parameters": fields{"text": "b"}})
	f.table("nothing there", row{name: "a change", request: change, status: 404})
	s.accepted(s.put())
	f.table("creating",
		row{name: "a change", request: change, status: 422, error: "ConcurrencyError"},
		row{name: "no change", request: s.patch(nil), status: 422, error: "ConcurrencyError"},
	)
	s.deleting()
	f.table("deleting", row{name: "a change", request: change, status: 422, error: "ConcurrencyError"})

	s = f.subject("brief", fields{"broken": true})
	s.fails(s.accepted(s.put()))
	repair := s.patch(fields{"parameters": fields{"broken": false}})
	f.table("create failed", row{name: "a change", request: repair, status: 422, words: "its create failed: installing the chart"})
	s.deleteFails()
	f.table("delete failed", row{name: "a change", request: repair, status: 422, words: "its delete failed: waiting for namespace"})

	f.made("single", nil)
	s = f.made("plain", fields{"text": "a"})
	refusedUpdates(s)
	needlessUpdates(s)

	change = s.patch(fields{"parameters": fields{"broken": true}, "maintenance_info": fields{"version": "1.0.0"}, "example.com/extension": 1,
		"previous_values": fields{"plan_id": s.Plan.ID, "maintenance_info": fields{"version": "1.0.0"}}})
	s.fails(s.accepted(change))
	s.fails(s.accepted(change)) // the same again is tried again
	s.ready(s.Instance, s.accepted(s.patch(fields{"parameters": fields{"text": "c"}})))
	runningUpdates(s)
}

func refusedUpdates(s subject) {
	s.t.Helper()
	plan := func(name string) fields { return fields{"plan_id": s.instance("conformance", name).Plan.ID} }
	other, change := s.instance("other", "default"), s.patch(fields{"parameters": fields{"text": "b"}})
	s.table("created",
		row{name: "a platform that can't wait", request: change.sync(), status: 422, error: "AsyncRequired"},
		row{name: "no accepts_incomplete", request: change.without("accepts_incomplete"), status: 422, error: "AsyncRequired"},
		row{name: "no body", request: change.text(""), status: 400},
		row{name: "no service_id", request: change.with(fields{"service_id": absent{}}), status: 400, words: "service_id"},
		row{name: "another service", request: change.with(fields{"service_id": other.Service.ID}), status: 400, words: "can't change its service"},
		row{name: "unknown plan", request: change.with(fields{"plan_id": "nope"}), status: 400, words: "catalog"},
		row{name: "plan of another service", request: change.with(fields{"plan_id": other.Plan.ID}), status: 400, words: "not a plan"},
		row{name: "parameters no object", request: s.patch(fields{"parameters": "x"}), status: 400, words: "object"},
		row{name: "parameters against the schema", request: s.patch(fields{"parameters": fields{"text": 1}}), status: 400, words: "text"},
		row{name: "another version", request: s.patch(fields{"maintenance_info": fields{"version": "9.9.9"}}), status: 422, error: "MaintenanceInfoConflict"},
		row{name: "a plan not allowed", request: s.patch(plan("patient")), status: 422, error: "PlanChangeNotSupported", words: "only brief, single, bound"},
		row{name: "a plan used up", request: s.patch(plan("single")), status: 422, words: "quota"},
		row{name: "a plan that takes fewer parameters", request: s.patch(plan("bound")).with(fields{"parameters": fields{"number": 1}}), status: 400, words: "number"},
		row{name: "nothing was changed", request: s.get(), status: 200, words: `"parameters":{"text":"a"}`},
	)
}

// needlessUpdates change nothing of the release.
func needlessUpdates(s subject) {
	s.t.Helper()
	s.table("created",
		row{name: "nothing", request: s.patch(nil), status: 200, words: `"dashboard_url"`},
		row{name: "nothing, by a platform that can't wait", request: s.patch(nil).sync(), status: 200},
		row{name: "no version", request: s.patch(fields{"maintenance_info": fields{}}), status: 200},
		row{name: "what it is", request: s.patch(fields{"plan_id": s.Plan.ID, "parameters": s.spelt(`"text":"\u0061"`), "maintenance_info": fields{"version": "1.0.0"}}), status: 200},
		row{name: "another context", request: s.patch(fields{"context": fields{"instance_name": "second"}}), status: 200},
	)
}

func runningUpdates(s subject) {
	s.t.Helper()
	change := s.patch(fields{"parameters": fields{"image": neverReady}})
	operation := s.accepted(change)
	s.table("updating",
		row{name: "same again", request: change, status: 202, operation: operation},
		row{name: "same, by a platform that can't wait", request: change.sync(), status: 422, error: "AsyncRequired"},
		row{name: "same, in full", request: s.patch(fields{"plan_id": s.Plan.ID, "parameters": fields{"image": neverReady, "text": "c"}}), status: 202, operation: operation},
		row{name: "same, another context", request: change.with(fields{"context": fields{"instance_name": "third"}}), status: 202, operation: operation},
		row{name: "other parameters", request: s.patch(fields{"parameters": fields{"text": "d"}}), status: 422, error: "ConcurrencyError"},
		row{name: "another plan", request: s.patch(fields{"plan_id": s.instance("conformance", "brief").Plan.ID}), status: 422, error: "ConcurrencyError"},
		row{name: "no change", request: s.patch(nil), status: 422, error: "ConcurrencyError"},
	)
}
