package e2e

import (
	"testing"

	"github.com/google/uuid"
)

// TestConformancePoll is "Polling Last Operation for Service Instances".
func TestConformancePoll(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	nowhere := f.subject("plain", nil)
	odd := nowhere
	odd.ID = "No_Id"
	f.table("nothing there",
		row{name: "its operation", request: nowhere.poll(uuid.NewString()), status: 410},
		row{name: "no operation named", request: nowhere.poll(""), status: 410},
		row{name: "an id that can't be", request: odd.poll(""), status: 400, words: "can't be used"},
	)
	const running, done, over = `"state":"in progress"`, `{"state":"succeeded"}`, `"state":"failed"`

	s := f.subject("plain", fields{"image": neverReady})
	create := s.accepted(s.put())
	polled(s, "creating", create, running)
	remove, letGo := s.deleting()
	s.fails(create)
	f.table("deleting", row{name: "the create", request: s.poll(create), status: 200, words: over + `,"description":"the operation was ended by a later delete`})
	polled(s, "deleting", remove, running)
	letGo()
	s.goes(remove)
	f.table("gone",
		row{name: "the delete", request: s.poll(remove), status: 410},
		row{name: "the create", request: s.poll(create), status: 410},
		row{name: "no operation named", request: s.poll(""), status: 410},
	)

	s = f.subject("plain", fields{"broken": true})
	create = s.accepted(s.put())
	s.fails(create)
	polled(s, "create failed", create, over+`,"description":"installing the chart`)

	s = f.made("plain", nil)
	f.table("created", row{name: "no operation named", request: s.poll(""), status: 200, words: done})
	update := s.accepted(s.patch(fields{"parameters": fields{"broken": true}}))
	s.fails(update)
	polled(s, "update failed", update, over+`,"description":"upgrading the chart`)
	s = s.brief()
	f.table("updated",
		row{name: "no operation named", request: s.poll(""), status: 200, words: done},
		row{name: "the update before", request: s.poll(update), status: 200, words: over + `,"description":"the operation was ended by a later update`},
	)
	polled(s, "delete failed", s.deleteFails(), over+`,"description":"waiting for namespace`)
}

// polled polls the operation in each form that a platform may.
func polled(s subject, state, operation, words string) {
	s.t.Helper()
	s.table(state,
		row{name: "its operation", request: s.poll(operation), status: 200, words: words},
		row{name: "no operation named", request: s.poll(""), status: 200, words: words},
		row{name: "no hints", request: s.poll(operation).without("service_id").without("plan_id"), status: 200, words: words},
		row{name: "an operation that never was", request: s.poll("nope"), status: 200, words: `"state":"failed"`},
	)
}

// TestConformanceFetch is "Fetching a Service Instance".
func TestConformanceFetch(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", fields{"image": neverReady})
	f.table("nothing there", row{name: "fetch", request: s.get(), status: 404})
	s.accepted(s.put())
	f.table("creating", row{name: "fetch", request: s.get(), status: 404})
	s.deleting()
	f.table("deleting", row{name: "fetch", request: s.get(), status: 422, error: "ConcurrencyError"})

	s = f.subject("brief", fields{"broken": true})
	s.fails(s.accepted(s.put()))
	f.table("create failed", row{name: "fetch", request: s.get(), status: 404})
	s.deleteFails()
	f.table("delete failed", row{name: "fetch", request: s.get(), status: 404})
	s.goes(s.accepted(s.remove()))
	f.table("gone", row{name: "fetch", request: s.get(), status: 404})

	s = f.made("plain", fields{"text": "a"})
	whole := `{"service_id":"` + s.Service.ID + `","plan_id":"` + s.Plan.ID + `","dashboard_url":"https://` + f.namespace(s.Instance) +
		`.example.com/a","parameters":{"text":"a"},"metadata":{"labels":{"cf-helm-broker.io/chart":"conformance"`
	f.table("created",
		row{name: "fetch", request: s.get(), status: 200, words: whole},
		row{name: "no hints", request: s.get().without("service_id").without("plan_id"), status: 200, words: whole},
	)
	s.fails(s.accepted(s.patch(fields{"parameters": fields{"broken": true}})))
	f.table("update failed", row{name: "fetch", request: s.get(), status: 200, words: whole})
	s.accepted(s.patch(fields{"parameters": fields{"image": neverReady}}))
	f.table("updating", row{name: "fetch", request: s.get(), status: 422, error: "ConcurrencyError"})
}
