package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// binder answers binds and fetches with what it has.
type binder struct {
	domain.ServiceBroker
	bound   domain.Binding
	fetched domain.GetBindingSpec
}

func (b binder) Bind(context.Context, string, string, domain.BindDetails, bool) (domain.Binding, error) {
	return b.bound, nil
}

func (b binder) GetBinding(context.Context, string, string, domain.FetchBindingDetails) (domain.GetBindingSpec, error) {
	return b.fetched, nil
}

// TestEndpoints are added to each answer that hands out a binding, and to no other.
func TestEndpoints(t *testing.T) {
	issued := record.Issued{
		Credentials: json.RawMessage(`{"uri":"db://a&b<c>","n":12345678901234567890}`),
		Endpoints:   []record.Endpoint{{Host: "db.ns.svc.cluster.local", Ports: []string{"5432", "9000-9010"}, Protocol: "tcp"}},
	}
	old := record.Issued{Credentials: issued.Credentials}
	const credentials, endpoints = `{"uri":"db://a&b<c>","n":12345678901234567890}`, `,"endpoints":[{"host":"db.ns.svc.cluster.local","ports":["5432","9000-9010"],"protocol":"tcp"}]`
	for name, c := range map[string]struct {
		method string
		broker binder
		status int
		want   string
	}{
		"bound":              {http.MethodPut, binder{bound: domain.Binding{Credentials: issued}}, 201, `{"credentials":` + credentials + endpoints + `}`},
		"bound before":       {http.MethodPut, binder{bound: domain.Binding{Credentials: issued, AlreadyExists: true}}, 200, `{"credentials":` + credentials + endpoints + `}`},
		"fetched":            {http.MethodGet, binder{fetched: domain.GetBindingSpec{Credentials: issued, Parameters: map[string]any{}}}, 200, `{"credentials":` + credentials + endpoints + `,"parameters":{}}`},
		"to be made":         {http.MethodPut, binder{bound: domain.Binding{IsAsync: true, OperationData: "o"}}, 202, `{"operation":"o"}`},
		"an older record":    {http.MethodPut, binder{bound: domain.Binding{Credentials: old}}, 201, `{"credentials":` + credentials + `}`},
		"its record fetched": {http.MethodGet, binder{fetched: domain.GetBindingSpec{Credentials: old}}, 200, `{"credentials":` + credentials + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			handler := web.Handler(web.Options{
				Broker: c.broker, BodyLimit: 1000, RequestLimit: time.Minute, RequestsAtOnce: 10,
				Door:     door.New(door.Options{Fixed: door.NewCredentials("u", "p"), FailuresPerMinute: 5, Registry: registry}),
				Registry: registry, Log: lager.NewLogger("test"),
			})
			body := bytes.NewReader(nil)
			if c.method == http.MethodPut {
				body = bytes.NewReader([]byte(`{"service_id":"s","plan_id":"p"}`))
			}
			request := httptest.NewRequest(c.method, "/v2/service_instances/i/service_bindings/b?accepts_incomplete=true", body)
			request.SetBasicAuth("u", "p")
			request.Header.Set("X-Broker-API-Version", "2.17")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != c.status || strings.TrimSpace(answer.Body.String()) != c.want {
				t.Errorf("answered %d %s, want %d %s", answer.Code, answer.Body, c.status, c.want)
			}
		})
	}
}
