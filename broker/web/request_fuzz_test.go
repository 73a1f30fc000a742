package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"code.cloudfoundry.org/lager/v3"
	"github.com/pivotal-cf/brokerapi/v10"
	"github.com/pivotal-cf/brokerapi/v10/domain"
)

// taking is a broker that takes what comes through brokerapi.
type taking struct {
	domain.ServiceBroker
	parameters json.RawMessage
	plan       string
}

func (b *taking) Services(context.Context) ([]domain.Service, error) { return nil, nil }

func (b *taking) Provision(_ context.Context, _ string, d domain.ProvisionDetails, _ bool) (domain.ProvisionedServiceSpec, error) {
	b.parameters, b.plan = d.RawParameters, d.PlanID
	return domain.ProvisionedServiceSpec{IsAsync: true}, nil
}

func (b *taking) Update(_ context.Context, _ string, d domain.UpdateDetails, _ bool) (domain.UpdateServiceSpec, error) {
	b.parameters, b.plan = d.RawParameters, d.PlanID
	return domain.UpdateServiceSpec{IsAsync: true}, nil
}

func (b *taking) Bind(_ context.Context, _, _ string, d domain.BindDetails, _ bool) (domain.Binding, error) {
	b.parameters, b.plan = d.RawParameters, d.PlanID
	return domain.Binding{Credentials: map[string]any{}}, nil
}

// FuzzRequest sends any body to each of OSBAPI's endpoints that take one. The
// answer is never 500 and always JSON, the parameters reach the broker as they
// are written, and nothing of the body is logged.
func FuzzRequest(f *testing.F) {
	const create = `{"service_id":"s","plan_id":"p","organization_guid":"o","space_guid":"s","context":{"platform":"cloudfoundry"},"parameters":{"a":[1,{"b":null}]},"maintenance_info":{"version":"1.0.0"}}`
	for _, body := range []string{
		create, `{"service_id":"s","plan_id":"p","previous_values":{"plan_id":"q","service_id":"s","org_id":"o","space_id":"s"},"parameters":{"a":12345678901234567890}}`,
		`{"service_id":"s","plan_id":"p","app_guid":"a","bind_resource":{"app_guid":"a","space_guid":"s","route":"","credential_client_id":"c","backup_agent":true},"parameters":null}`,
		`{"service_id":"s","plan_id":"p","parameters":{"a":1},"Parameters":{"a":2},"PLAN_ID":"q"}`, `{"service_id":7}`, `{"context":[]}`, `[]`, `null`, `7`, ``, `{`, `{} {}`, "{\"service_id\":\"\xff\"}",
		`{"parameters":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + `,"service_id":"s","plan_id":"p"}`, `{"maintenance_info":"x"}`, `{"bind_resource":{"app_guid":5}}`,
	} {
		for kind := range uint8(3) {
			f.Add(kind, []byte(body), "2.17", "cloudfoundry eyJ1c2VyX2lkIjoiYSJ9")
		}
	}
	f.Add(uint8(0), []byte(create), "", "")
	f.Add(uint8(0), []byte(create), "2.17.0.0", "x\ny \xff")
	f.Fuzz(func(t *testing.T, kind uint8, body []byte, version, identity string) {
		var log bytes.Buffer
		logger := lager.NewLogger("fuzz")
		logger.RegisterSink(lager.NewWriterSink(&log, lager.DEBUG))
		broker := &taking{}
		handler := checkBody(4000, jsonBody(brokerapi.NewWithOptions(anyPlan{broker}, Quiet(logger), brokerapi.WithRouter(routes()))))
		method, path := endpoint(kind)
		request := httptest.NewRequest(method, path, bytes.NewReader(body))
		request.Header["X-Broker-Api-Version"] = []string{version}
		request.Header["X-Broker-Api-Originating-Identity"] = []string{identity}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		originatingIdentity(request.Header)
		var object map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &object); err != nil || answer.Code >= 500 || answer.Code < 200 {
			t.Errorf("answered %d %s", answer.Code, answer.Body)
		}
		if len(object) == 0 && answer.Code >= 400 {
			t.Errorf("answered %d without saying why", answer.Code)
		}
		if answer.Code < 300 {
			unchanged(t, body, broker)
		}
		for line := range strings.Lines(log.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("logged the line %q", line)
			}
		}
	})
}

func endpoint(kind uint8) (method, path string) {
	switch kind % 3 {
	case 0:
		return http.MethodPut, "/v2/service_instances/i?accepts_incomplete=true"
	case 1:
		return http.MethodPatch, "/v2/service_instances/i?accepts_incomplete=true"
	}
	return http.MethodPut, "/v2/service_instances/i/service_bindings/b"
}

// unchanged compares what the broker was given with the body. A platform that
// names a field twice gets what Go makes of it.
func unchanged(t *testing.T, body []byte, broker *taking) {
	t.Helper()
	if strings.Count(strings.ToLower(string(body)), `parameters"`) != 1 || bytes.Contains(body, []byte(`\`)) {
		return
	}
	var whole map[string]any
	var parameters any
	if err := json.Unmarshal(body, &whole); err != nil {
		t.Fatalf("took what isn't a JSON object: %v", err)
	}
	if len(broker.parameters) > 0 {
		if err := json.Unmarshal(broker.parameters, &parameters); err != nil {
			t.Fatalf("the broker got parameters that aren't JSON: %v", err)
		}
	}
	if want, given := whole["parameters"]; given && !reflect.DeepEqual(parameters, want) {
		t.Errorf("the parameters %v became %v", want, parameters)
	}
}
