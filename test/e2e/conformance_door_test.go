package e2e

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestConformanceHeaders is "Headers" and "Platform to Service Broker
// Authentication".
func TestConformanceHeaders(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	s := f.subject("plain", nil)
	catalog := request{method: "GET", path: "/v2/catalog"}
	const version, identity = "X-Broker-API-Version", "X-Broker-API-Originating-Identity"
	who := "cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`{"user_id":"a-user"}`))
	f.table("headers",
		row{name: "no credentials", request: catalog.knock(fields{"Authorization": ""}), status: 401},
		row{name: "wrong credentials", request: catalog.knock(fields{"Authorization": "Basic eDp5"}), status: 401},
		row{name: "older minor version", request: catalog.knock(fields{version: "2.13"}), status: 200},
		row{name: "newer minor version", request: catalog.knock(fields{version: "2.99"}), status: 200},
		row{name: "fetch in a version that had none", request: s.get().knock(fields{version: "2.13"}), status: 412},
		row{name: "originating identity", request: catalog.knock(fields{identity: who}), status: 200},
		row{name: "originating identity, unreadable", request: catalog.knock(fields{identity: "cloudfoundry !"}), status: 200},
		row{name: "no content type", request: s.put().sync().knock(fields{"Content-Type": ""}), status: 422, error: "AsyncRequired"},
		row{name: "another content type", request: s.put().sync().knock(fields{"Content-Type": "application/x-www-form-urlencoded"}), status: 422, error: "AsyncRequired"},
	)
	for name, old := range map[string]string{"no version": "", "version 1": "1.0", "version 3": "3.0", "no number": "latest"} {
		f.table("headers", row{name: name, request: catalog.knock(fields{version: old}), status: 412, words: version})
	}
	f.table("no such route",
		row{name: "path", request: request{method: "GET", path: "/v2/nothing"}, status: 404, words: "nothing at this path"},
		row{name: "method", request: request{method: "POST", path: "/v2/catalog", body: fields{}}, status: 405, words: "has no POST"},
	)
	b := s.binding()
	for name, r := range map[string]request{
		"catalog": catalog, "create": s.put(), "create refused": s.put().with(fields{"plan_id": "nope"}), "create that can't wait": s.put().sync(),
		"update": s.patch(nil), "poll": s.poll(""), "fetch": s.get(), "bind": b.put(), "poll a bind": b.poll(""), "fetch a binding": b.get(),
		"unbind": b.remove(), "delete": s.remove(), "malformed": s.put().text("{"), "no credentials": catalog.knock(fields{"Authorization": ""}),
		"no such path": {method: "GET", path: "/v2/nothing"},
	} {
		t.Run("request identity, "+name, func(t *testing.T) {
			const header = "X-Broker-API-Request-Identity"
			id := uuid.NewString()
			answer := f.answer(t, r.knock(fields{header: id}.with(r.header)))
			if answer.Header.Get(header) != id {
				t.Errorf("status %d, the request identity is %q, want %q", answer.Status, answer.Header.Get(header), id)
			}
		})
	}
	f.eventually("the log names the user", func() bool {
		return strings.Contains(f.broker.Log(), `"originating-identity":{"platform":"cloudfoundry","user":"a-user"}`)
	})
}

// TestConformanceCatalog is "Catalog Management".
func TestConformanceCatalog(t *testing.T) {
	f := newFoundation(t, conformanceCharts, nil)
	answer := f.answer(t, request{method: "GET", path: "/v2/catalog"})
	row{status: 200}.check(t, answer)
	var catalog struct{ Services []fields }
	f.must(answer.Decode(&catalog))
	seen := map[any]bool{}
	for _, service := range catalog.Services {
		identified(t, seen, service)
		if service["name"] == "conformance" {
			holds(t, service.at("metadata"), fields{"displayName": "conformance", "shareable": true})
		}
		holds(t, service, fields{"bindable": true, "plan_updateable": true, "instances_retrievable": true, "bindings_retrievable": true, "allow_context_updates": true})
		for _, name := range []string{"requires", "dashboard_client"} {
			if service[name] != nil {
				t.Errorf("service %s has %s: %v", service["name"], name, service[name])
			}
		}
		for _, p := range service["plans"].([]any) {
			plan := fields(p.(map[string]any))
			identified(t, seen, plan)
			holds(t, plan.at("maintenance_info"), fields{"version": map[any]string{"conformance": "1.0.0", "other": "2.0.0"}[service["name"]]})
			holds(t, plan, map[any]fields{
				"plain":      {"bindable": true, "free": true, "plan_updateable": true},
				"fixed":      {"plan_updateable": false},
				"unbindable": {"bindable": false, "maximum_polling_duration": 600.0},
			}[plan["name"]])
			schema := plan.at("schemas", "service_instance", "create", "parameters")
			if service["name"] == "conformance" && (schema["$schema"] == nil || schema["type"] != "object") {
				t.Errorf("plan %s shows the schema %v", plan["name"], schema)
			}
			if plan["binding_rotatable"] != nil {
				t.Errorf("plan %s says that bindings rotate", plan["name"])
			}
		}
	}
}

// identified fails unless the service or plan has an id of its own, a name and a
// description.
func identified(t *testing.T, seen map[any]bool, object fields) {
	t.Helper()
	for _, name := range []string{"id", "name", "description"} {
		if text, _ := object[name].(string); text == "" {
			t.Errorf("there is no %s: %v", name, object)
		}
	}
	if seen[object["id"]] {
		t.Errorf("the id %s is used twice", object["id"])
	}
	seen[object["id"]] = true
}

// at is the object at the path; none if there is none.
func (f fields) at(path ...string) fields {
	for _, name := range path {
		below, _ := f[name].(map[string]any)
		f = below
	}
	return f
}

func holds(t *testing.T, object, want fields) {
	t.Helper()
	for name, value := range want {
		if object[name] != value {
			t.Errorf("%s is %v, want %v, in %v", name, object[name], value, object["name"])
		}
	}
}
