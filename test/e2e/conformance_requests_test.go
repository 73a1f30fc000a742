package e2e

import (
	"strings"

	"github.com/google/uuid"
)

const incomplete = "accepts_incomplete=true"

func (s subject) path() string { return "/v2/service_instances/" + s.ID }

func (s subject) query(more ...string) string {
	return "?" + strings.Join(append([]string{"service_id=" + s.Service.ID, "plan_id=" + s.Plan.ID}, more...), "&")
}

func (s subject) put() request {
	return request{method: "PUT", path: s.path() + "?" + incomplete, body: fields{
		"service_id": s.Service.ID, "plan_id": s.Plan.ID, "organization_guid": "an-org", "space_guid": "a-space",
		"context": fields{"platform": "cloudfoundry", "instance_name": "first"}, "parameters": s.parameters,
	}}
}

func (s subject) patch(changes fields) request {
	return request{method: "PATCH", path: s.path() + "?" + incomplete, body: fields{"service_id": s.Service.ID}.with(changes)}
}

func (s subject) get() request { return request{method: "GET", path: s.path() + s.query()} }

func (s subject) remove() request {
	return request{method: "DELETE", path: s.path() + s.query(incomplete)}
}

// poll asks for an operation; "" for the last one.
func (s subject) poll(operation string) request {
	r := request{method: "GET", path: s.path() + "/last_operation" + s.query("operation="+operation)}
	if operation == "" {
		return r.without("operation")
	}
	return r
}

// binding is a service binding of the instance.
type binding struct {
	subject
	id, app string
}

func (s subject) binding() binding { return binding{s, uuid.NewString(), s.app()} }

// bound makes the binding.
func (s subject) bound() binding {
	s.t.Helper()
	b := s.binding()
	row{status: 201}.check(s.t, s.answer(s.t, b.put()))
	return b
}

func (b binding) path() string { return b.subject.path() + "/service_bindings/" + b.id }

func (b binding) put() request {
	return request{method: "PUT", path: b.path() + "?" + incomplete, body: fields{
		"service_id": b.Service.ID, "plan_id": b.Plan.ID, "bind_resource": fields{"app_guid": b.app},
		"context": fields{"platform": "cloudfoundry"}, "parameters": fields{"role": "reader", "depth": 1},
	}}
}

func (b binding) get() request { return request{method: "GET", path: b.path() + b.query()} }

func (b binding) remove() request {
	return request{method: "DELETE", path: b.path() + b.query(incomplete)}
}

func (b binding) poll(operation string) request {
	r := request{method: "GET", path: b.path() + "/last_operation" + b.query("operation="+operation)}
	if operation == "" {
		return r.without("operation")
	}
	return r
}
