package e2e

import "testing"

// TestConformanceProvision is "Provisioning". 201 is never given: every create
// is asynchronous.
func TestConformanceProvision(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", fields{"image": neverReady, "text": "a"})
	refusedCreates(s)

	more := fields{"maintenance_info": fields{"version": "1.0.0", "description": "ignored"}, "example.com/extension": 1}
	operation := s.accepted(s.put().with(more))
	sameCreates(s, "creating", 202, operation)
	otherCreates(s, "creating")
	f.table("creating", row{name: "a platform that can't wait", request: s.put().sync(), status: 422, error: "AsyncRequired"})
	s.deleting()
	busyCreates(s, "deleting")

	s = f.made("plain", fields{"text": "a"})
	sameCreates(s, "created", 200, "")
	otherCreates(s, "created")
	f.table("created",
		row{name: "a platform that can't wait", request: s.put().sync(), status: 200},
		row{name: "same, of no version", request: s.put().with(fields{"maintenance_info": fields{}}), status: 200},
		row{name: "same, of a version that was", request: s.put().with(fields{"maintenance_info": fields{"version": "0.9.0"}}), status: 200},
	)
	s.ready(s.Instance, s.accepted(s.patch(fields{"parameters": fields{"text": "b"}})))
	f.table("updated",
		row{name: "what was asked for first", request: s.put(), status: 409},
		row{name: "what it is", request: s.put().with(fields{"parameters": fields{"text": "b"}}), status: 200},
	)
	s.accepted(s.patch(fields{"parameters": fields{"image": neverReady}}))
	busyCreates(s, "updating")

	s = f.subject("brief", fields{"broken": true, "text": "a"})
	operation = s.accepted(s.put())
	s.fails(operation)
	sameCreates(s, "create failed", 202, operation)
	otherCreates(s, "create failed")
	f.table("create failed",
		row{name: "a platform that can't wait", request: s.put().sync(), status: 422, error: "AsyncRequired"},
		row{name: "why", request: s.poll(operation), status: 200, words: `"state":"failed","description":"installing the chart`},
	)
	s.deleteFails()
	otherCreates(s, "delete failed")
	f.table("delete failed", row{name: "same again", request: s.put(), status: 409, words: "delete it again"})

	s = f.made("single", nil)
	f.table("created without parameters",
		row{name: "null", request: s.put().with(fields{"parameters": nil}), status: 200},
		row{name: "absent", request: s.put().with(fields{"parameters": absent{}}), status: 200},
		row{name: "empty", request: s.put().with(fields{"parameters": fields{}}), status: 200},
	)
	f.table("quota used up", row{name: "one more", request: f.subject("single", nil).put(), status: 422, words: "quota"})
}

func refusedCreates(s subject) {
	s.t.Helper()
	put, other := s.put(), s.instance("other", "default")
	s.table("nothing there",
		row{name: "a platform that can't wait", request: put.sync(), status: 422, error: "AsyncRequired"},
		row{name: "no accepts_incomplete", request: put.without("accepts_incomplete"), status: 422, error: "AsyncRequired"},
		row{name: "no body", request: put.text(""), status: 400},
		row{name: "malformed", request: put.text(`{"service_id":`), status: 400},
		row{name: "no service_id", request: put.with(fields{"service_id": absent{}}), status: 400, words: "service_id"},
		row{name: "no plan_id", request: put.with(fields{"plan_id": absent{}}), status: 400, words: "plan_id"},
		row{name: "no organization_guid", request: put.with(fields{"organization_guid": absent{}}), status: 400, words: "organization_guid"},
		row{name: "no space_guid", request: put.with(fields{"space_guid": absent{}}), status: 400, words: "space_guid"},
		row{name: "unknown service", request: put.with(fields{"service_id": "nope"}), status: 400, words: "catalog"},
		row{name: "unknown plan", request: put.with(fields{"plan_id": "nope"}), status: 400, words: "catalog"},
		row{name: "plan of another service", request: put.with(fields{"plan_id": other.Plan.ID}), status: 400, words: "no service"},
		row{name: "parameters no object", request: put.with(fields{"parameters": []int{1}}), status: 400, words: "object"},
		row{name: "parameters against the schema", request: put.with(fields{"parameters": fields{"text": 1}}), status: 400, words: "text"},
		row{name: "a parameter not allowed", request: s.subject("bound", fields{"number": 1}).put(), status: 400, words: "number"},
		row{name: "another version", request: put.with(fields{"maintenance_info": fields{"version": "9.9.9"}}), status: 422, error: "MaintenanceInfoConflict"},
	)
}

// sameCreates say the same as the create that the instance comes from.
func sameCreates(s subject, state string, status int, operation string) {
	s.t.Helper()
	const labels = `"cf-helm-broker.io/chart":"conformance","cf-helm-broker.io/chart-version":"1.0.0","cf-helm-broker.io/namespace":"`
	dashboard := `"dashboard_url":"https://` + s.namespace(s.Instance) + `.example.com/a"`
	respelt := fields{"parameters": s.spelt(`"text":"\u0061"`)}
	s.table(state,
		row{name: "same again", request: s.put(), status: status, operation: operation, words: labels},
		row{name: "same again, for the dashboard", request: s.put(), status: status, operation: operation, words: dashboard},
		row{name: "respelt", request: s.put().with(respelt), status: status, operation: operation},
		row{name: "another context", request: s.put().with(fields{"context": fields{"platform": "else"}}), status: status, operation: operation},
		row{name: "no context", request: s.put().with(fields{"context": absent{}}), status: status, operation: operation},
		row{name: "an extension", request: s.put().with(fields{"example.com/extension": 1}), status: status, operation: operation},
	)
}

// busyCreates come while another operation is running.
func busyCreates(s subject, state string) {
	s.t.Helper()
	s.table(state,
		row{name: "same again", request: s.put(), status: 422, error: "ConcurrencyError"},
		row{name: "other parameters", request: s.put().with(fields{"parameters": fields{"text": "other"}}), status: 422, error: "ConcurrencyError"},
	)
}

// otherCreates name the instance's id and ask for something else.
func otherCreates(s subject, state string) {
	s.t.Helper()
	other, wide := s.instance("other", "default"), s.instance("conformance", "patient")
	s.table(state,
		row{name: "another service", request: s.put().with(fields{"service_id": other.Service.ID, "plan_id": other.Plan.ID}), status: 409},
		row{name: "another plan", request: s.put().with(fields{"plan_id": wide.Plan.ID}), status: 409},
		row{name: "another organization", request: s.put().with(fields{"organization_guid": "another"}), status: 409},
		row{name: "another space", request: s.put().with(fields{"space_guid": "another"}), status: 409},
		row{name: "other parameters", request: s.put().with(fields{"parameters": s.parameters.with(fields{"number": 2})}), status: 409},
		row{name: "no parameters", request: s.put().with(fields{"parameters": absent{}}), status: 409},
	)
}
