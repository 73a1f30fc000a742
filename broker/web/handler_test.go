package web_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// panicking is a broker whose catalog panics, with a secret in its words.
type panicking struct{ domain.ServiceBroker }

func (panicking) Services(context.Context) ([]domain.Service, error) { panic("s3cr3t") }

func noCharts() ([]web.OfferedChart, []web.ChartProblem) { return nil, nil }

func leads() bool { return true }

func noOperators() any { return []string{} }

func newHandler(readiness web.Readiness, out *bytes.Buffer) http.Handler {
	log := lager.NewLogger("test")
	log.RegisterSink(lager.NewWriterSink(out, lager.DEBUG))
	registry := prometheus.NewRegistry()
	return web.Handler(web.Options{
		Broker: panicking{}, BodyLimit: 1000, RequestLimit: time.Minute, RequestsAtOnce: 10,
		Door:      door.New(door.Options{Fixed: door.NewCredentials("u", "p"), FailuresPerMinute: 5, Registry: registry}),
		Readiness: readiness, Registry: registry, Log: log,
	})
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	handler := newHandler(web.Readiness{Charts: noCharts, Operators: noOperators, Leads: leads}, &log)
	request := httptest.NewRequest(http.MethodGet, "/v2/catalog", nil)
	request.SetBasicAuth("u", "p")
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("X-Vcap-Request-Id", "from-the-platform")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "from-the-platform") {
		t.Errorf("answered %d %s", answer.Code, answer.Body)
	}
	if strings.Contains(log.String(), "s3cr3t") || !strings.Contains(log.String(), "panicking") {
		t.Errorf("the log should hold the stack and not the cause: %s", log.String())
	}
}

// TestOddCorrelationIDs replaces ids that could break the log.
func TestOddCorrelationIDs(t *testing.T) {
	for id, kept := range map[string]bool{
		"0a1b-2c3d": true, "a b": false, "x\ny": false, strings.Repeat("a", 101): false, "<script>": false, "": false,
	} {
		var log bytes.Buffer
		handler := newHandler(web.Readiness{Charts: noCharts, Operators: noOperators, Leads: leads}, &log)
		request := httptest.NewRequest(http.MethodGet, "/v2/catalog", nil)
		request.Header.Set("X-Correlation-ID", id)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if got := answer.Header().Get("X-Correlation-ID"); (got == id) != kept || got == "" {
			t.Errorf("the correlation id %q became %q", id, got)
		}
	}
}

// TestBodies holds the limit to the byte, and what is said of each body.
func TestBodies(t *testing.T) {
	fits := `{"service_id":"` + strings.Repeat("x", 1000-17) + `"}`
	for name, c := range map[string]struct {
		body   string
		status int
		words  string
	}{
		"just fits":    {fits, http.StatusBadRequest, "plan_id"},
		"one too long": {fits + " ", http.StatusBadRequest, "longer than 1000 bytes"},
		"malformed":    {`{"a":}`, http.StatusBadRequest, "malformed at byte 6"},
		"a secret":     {`{"service_id":"a","plan_id":{"s3cr3t":1}}`, http.StatusBadRequest, "plan_id has the wrong type, it must be a string"},
		"context list": {`{"context":[]}`, http.StatusBadRequest, "context has the wrong type, it must be a JSON object"},
		"maintenance":  {`{"maintenance_info":"x"}`, http.StatusBadRequest, "maintenance_info has the wrong type, it must be a JSON object"},
		"bound app":    {`{"bind_resource":{"app_guid":5}}`, http.StatusBadRequest, "bind_resource.app_guid has the wrong type, it must be a string"},
		"trailing":     {`{} {}`, http.StatusBadRequest, "JSON"},
		"organization": {`{"organization_guid":"` + strings.Repeat("x", 256) + `"}`, http.StatusBadRequest, "organization_guid has 256 bytes, and may have 255"},
		"space":        {`{"space_guid":"` + strings.Repeat("x", 256) + `"}`, http.StatusBadRequest, "space_guid has 256 bytes"},
		"app":          {`{"app_guid":"` + strings.Repeat("x", 256) + `"}`, http.StatusBadRequest, "app_guid has 256 bytes"},
		"bound to":     {`{"bind_resource":{"app_guid":"` + strings.Repeat("x", 256) + `"}}`, http.StatusBadRequest, "bind_resource.app_guid has 256 bytes"},
		"bound by":     {`{"bind_resource":{"space_guid":"` + strings.Repeat("x", 256) + `"}}`, http.StatusBadRequest, "bind_resource.space_guid has 256 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			handler := newHandler(web.Readiness{Charts: noCharts, Operators: noOperators, Leads: leads}, &bytes.Buffer{})
			request := httptest.NewRequest(http.MethodPut, "/v2/service_instances/x", strings.NewReader(c.body))
			request.SetBasicAuth("u", "p")
			request.Header.Set("X-Broker-API-Version", "2.17")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.words) || strings.Contains(answer.Body.String(), "s3cr3t") {
				t.Errorf("answered %d %s, want %d and %q", answer.Code, answer.Body, c.status, c.words)
			}
		})
	}
}

// TestLongHeaders holds what is recorded of them to the byte.
func TestLongHeaders(t *testing.T) {
	for name, longest := range map[string]int{"X-Broker-API-Originating-Identity": 16 << 10, "X-Broker-API-Request-Identity": 255} {
		for more, status := range map[int]int{0: http.StatusInternalServerError, 1: http.StatusBadRequest} { // the broker panics
			handler := newHandler(web.Readiness{Charts: noCharts, Operators: noOperators, Leads: leads}, &bytes.Buffer{})
			request := httptest.NewRequest(http.MethodGet, "/v2/catalog", nil)
			request.SetBasicAuth("u", "p")
			request.Header.Set("X-Broker-API-Version", "2.17")
			request.Header.Set(name, strings.Repeat("x", longest+more))
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != status || status == http.StatusBadRequest && !strings.Contains(answer.Body.String(), name) {
				t.Errorf("%s of %d bytes: answered %d %s", name, longest+more, answer.Code, answer.Body)
			}
		}
	}
}

// TestReadiness shows that only the records decide, and that the rest is told.
func TestReadiness(t *testing.T) {
	for name, c := range map[string]struct {
		synced bool
		err    error
		status int
		words  string
	}{
		"starting":        {false, nil, http.StatusServiceUnavailable, `"ready":false`},
		"ready":           {true, nil, http.StatusOK, `"kubernetes":"ok"`},
		"dependency down": {true, errors.New("connection refused"), http.StatusOK, `"kubernetes":"connection refused"`},
	} {
		t.Run(name, func(t *testing.T) {
			handler := newHandler(web.Readiness{
				Charts:       noCharts,
				Operators:    noOperators,
				Leads:        leads,
				Synced:       func() bool { return c.synced },
				Dependencies: map[string]func(context.Context) error{"kubernetes": func(context.Context) error { return c.err }},
			}, &bytes.Buffer{})
			answer, request := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/readyz", nil)
			request.SetBasicAuth("u", "p")
			handler.ServeHTTP(answer, request)
			if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.words) {
				t.Errorf("answered %d %s, want %d and %s", answer.Code, answer.Body, c.status, c.words)
			}
		})
	}
}
