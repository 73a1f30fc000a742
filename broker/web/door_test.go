package web_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"code.cloudfoundry.org/lager/v3"
	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// quiet is a readiness without any news.
func quiet() web.Readiness {
	return web.Readiness{
		Charts: func() ([]web.OfferedChart, []web.ChartProblem) {
			return nil, []web.ChartProblem{{Chart: "bad", Error: "s3cr3t of a chart"}}
		},
		Operators: noOperators, Leads: leads, Synced: func() bool { return true },
		Files: map[string]func() error{"CREDENTIALS_FILE": func() error { return nil }},
	}
}

func get(handler http.Handler, path, user, password string) *httptest.ResponseRecorder {
	answer, request := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	request.Header.Set("X-Broker-API-Version", "2.17")
	handler.ServeHTTP(answer, request)
	return answer
}

// TestGuessing counts wrong passwords, and answers 429 in OSBAPI's form.
func TestGuessing(t *testing.T) {
	var log bytes.Buffer
	handler := newHandler(quiet(), &log)
	for n := range 5 {
		// An unknown user and a wrong password are answered alike.
		user := []string{"u", "nobody"}[n%2]
		answer := get(handler, []string{"/v2/catalog", "/metrics", "/readyz", "/admin/charts/reload", "/v2/nothing"}[n], user, "s3cr3t-guess")
		if answer.Code == http.StatusMethodNotAllowed { // reload wants a POST
			answer = get(handler, "/v2/catalog", user, "s3cr3t-guess")
		}
		if answer.Code != http.StatusUnauthorized || answer.Header().Get("WWW-Authenticate") == "" || !strings.Contains(answer.Body.String(), "wrong credentials") {
			t.Errorf("guess %d got %d %s", n, answer.Code, answer.Body)
		}
	}
	answer := get(handler, "/v2/catalog", "u", "p")
	seconds, err := strconv.Atoi(answer.Header().Get("Retry-After"))
	if answer.Code != http.StatusTooManyRequests || err != nil || seconds < 1 || seconds > 12 || !strings.Contains(answer.Body.String(), `"description":"too many wrong passwords`) {
		t.Errorf("after them it answers %d, to wait %q, %s", answer.Code, answer.Header().Get("Retry-After"), answer.Body)
	}
	if answer := get(handler, "/healthz", "", ""); answer.Code != http.StatusOK {
		t.Errorf("health is answered with %d", answer.Code)
	}
	if answer := get(handler, "/readyz", "", ""); answer.Code != http.StatusOK {
		t.Errorf("readiness is answered with %d", answer.Code)
	}
	if n := strings.Count(log.String(), `login-failed","log_level":1,"data":{"path":`); n != 5 || !strings.Contains(log.String(), `"remote-address":"192.0.2.1"`) || strings.Contains(log.String(), "s3cr3t") {
		t.Errorf("the log tells of %d failed logins: %s", n, log.String())
	}
	other, request := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.RemoteAddr = "192.0.2.99:1"
	request.SetBasicAuth("u", "p")
	handler.ServeHTTP(other, request)
	for _, want := range []string{
		`cf_helm_broker_failed_logins_total{reason="wrong"} 5`, `cf_helm_broker_failed_logins_total{reason="slowed"} 1`,
		`cf_helm_broker_failed_logins_total{reason="missing"} 0`, `cf_helm_broker_failed_logins_total{reason="no-certificate"} 0`,
	} {
		if !strings.Contains(other.Body.String(), want) {
			t.Errorf("the metrics (%d) have no %s: %s", other.Code, want, other.Body)
		}
	}
}

// TestStatus shows strangers no more than whether the broker is ready.
func TestStatus(t *testing.T) {
	const secret = "s3cr3t of a chart"
	handler := newHandler(quiet(), &bytes.Buffer{})
	for _, c := range []struct {
		path, user string
		status     int
		body       string
		whole      bool
	}{
		{"/healthz", "", http.StatusOK, "ok\n", false},
		{"/readyz", "", http.StatusOK, `{"ready":true}` + "\n", false},
		{"/readyz", "stranger", http.StatusUnauthorized, "", false},
		{"/readyz", "u", http.StatusOK, "", true},
		{"/metrics", "", http.StatusUnauthorized, "", false},
		{"/metrics", "stranger", http.StatusUnauthorized, "", false},
		{"/metrics", "u", http.StatusOK, "", false},
	} {
		answer := get(handler, c.path, c.user, "p")
		body := answer.Body.String()
		if answer.Code != c.status || c.body != "" && body != c.body || strings.Contains(body, secret) != c.whole {
			t.Errorf("%s as %q: %d %s", c.path, c.user, answer.Code, body)
		}
		if c.whole && !strings.Contains(body, `"files":{"CREDENTIALS_FILE":"ok"}`) {
			t.Errorf("%s doesn't tell of the files: %s", c.path, body)
		}
	}
}

func TestPublicStatus(t *testing.T) {
	registry := prometheus.NewRegistry()
	handler := web.Handler(web.Options{
		Broker: panicking{}, Door: door.New(door.Options{Registry: registry}), PublicStatus: true, RequestsAtOnce: 1,
		Readiness: quiet(), Registry: registry, Log: lager.NewLogger("test"),
	})
	if answer := get(handler, "/readyz", "", ""); !strings.Contains(answer.Body.String(), "charts_left_out") {
		t.Errorf("/readyz: %d %s", answer.Code, answer.Body)
	}
	if answer := get(handler, "/metrics", "", ""); !strings.Contains(answer.Body.String(), "cf_helm_broker_failed_logins_total") {
		t.Errorf("/metrics: %d %s", answer.Code, answer.Body)
	}
	if answer := get(handler, "/v2/catalog", "", ""); answer.Code != http.StatusUnauthorized {
		t.Errorf("/v2/catalog: %d %s", answer.Code, answer.Body)
	}
}

// waiting is a broker whose catalog comes when it is released.
type waiting struct {
	domain.ServiceBroker
	entered, release chan struct{}
}

func (w waiting) Services(context.Context) ([]domain.Service, error) {
	w.entered <- struct{}{}
	<-w.release
	return nil, nil
}

// TestCrowd carries out so many requests at once; strangers take no place.
func TestCrowd(t *testing.T) {
	w := waiting{entered: make(chan struct{}), release: make(chan struct{})}
	registry := prometheus.NewRegistry()
	handler := web.Handler(web.Options{
		Broker: w, Door: door.New(door.Options{Fixed: door.NewCredentials("u", "p"), Registry: registry}), RequestsAtOnce: 2,
		BodyLimit: 1000, RequestLimit: time.Minute, Readiness: quiet(), Registry: registry, Log: lager.NewLogger("test"),
	})
	answers := make(chan int)
	for range 2 {
		go func() { answers <- get(handler, "/v2/catalog", "u", "p").Code }()
		<-w.entered
	}
	crowded := get(handler, "/v2/catalog", "u", "p")
	if crowded.Code != http.StatusServiceUnavailable || crowded.Header().Get("Retry-After") == "" || !strings.Contains(crowded.Body.String(), "REQUESTS_AT_ONCE") {
		t.Errorf("the third is answered with %d %s", crowded.Code, crowded.Body)
	}
	if stranger := get(handler, "/v2/catalog", "", ""); stranger.Code != http.StatusUnauthorized {
		t.Errorf("a stranger is answered with %d", stranger.Code)
	}
	if ready := get(handler, "/readyz", "u", "p"); ready.Code != http.StatusOK {
		t.Errorf("/readyz is answered with %d", ready.Code)
	}
	close(w.release)
	for range 2 {
		if status := <-answers; status != http.StatusOK {
			t.Errorf("the first two are answered with %d", status)
		}
	}
	go func() { <-w.entered }()
	if after := get(handler, "/v2/catalog", "u", "p"); after.Code != http.StatusOK {
		t.Errorf("afterwards the answer is %d", after.Code)
	}
}
