package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"code.cloudfoundry.org/lager/v3"
	"github.com/pivotal-cf/brokerapi/v10/domain"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cf-helm-broker/cf-helm-broker/broker/web"
	"github.com/cf-helm-broker/cf-helm-broker/broker/web/door"
)

// repeating is a broker that repeats what it is sent in its errors, of which it
// is to blame itself.
type repeating struct{ domain.ServiceBroker }

func (repeating) GetInstance(_ context.Context, id string, d domain.FetchInstanceDetails) (domain.GetInstanceDetailsSpec, error) {
	return domain.GetInstanceDetailsSpec{}, errors.New("no instance " + id + d.PlanID)
}

// evil breaks lines, changes colours and the writing direction, isn't UTF-8
// (the byte 9B is a C1 control character in other encodings), ends a JSON
// string, and forges a line.
const evil = "\r\n\x1b[31m\u009b31m\u202e\u2028\xff\x9b\",\"forged\":\"\x00\x7f" + "\n" + `{"message":"forged"}`

// locked is a buffer that a server writes to.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func logging(out *locked) http.Handler {
	log := lager.NewLogger("test")
	log.RegisterSink(lager.NewWriterSink(out, lager.DEBUG))
	registry := prometheus.NewRegistry()
	return web.Handler(web.Options{
		Broker: repeating{}, Door: door.New(door.Options{Fixed: door.NewCredentials("u", "p"), FailuresPerMinute: 1000, Registry: registry}),
		BodyLimit: 1000, RequestLimit: time.Minute, RequestsAtOnce: 10, Readiness: quiet(), Registry: registry, Log: log,
	})
}

// TestLogInjection puts what is evil, and what is long, wherever a client can.
func TestLogInjection(t *testing.T) {
	long := strings.Repeat("long", 10_000)
	escaped := func(text string) string {
		var all strings.Builder
		for _, b := range []byte(text) {
			fmt.Fprintf(&all, "%%%02X", b)
		}
		return all.String()
	}
	identity := func(text string) string {
		user, err := json.Marshal(map[string]string{"user_id": text})
		if err != nil {
			t.Fatal(err)
		}
		return text + " " + base64.StdEncoding.EncodeToString(user)
	}
	for kind, text := range map[string]string{"evil": evil, "long": long} {
		for where, change := range map[string]func(*http.Request){
			"path":                 func(r *http.Request) { r.URL.Path += text; r.URL.RawPath = "" },
			"raw path":             func(r *http.Request) { r.URL.Path += text; r.URL.RawPath += escaped(text) },
			"query":                func(r *http.Request) { r.URL.RawQuery = "plan_id=" + escaped(text) },
			"method":               func(r *http.Request) { r.Method = text },
			"originating identity": func(r *http.Request) { r.Header["X-Broker-Api-Originating-Identity"] = []string{identity(text)} },
			"request identity":     func(r *http.Request) { r.Header["X-Broker-Api-Request-Identity"] = []string{text} },
			"correlation id":       func(r *http.Request) { r.Header["X-Correlation-Id"] = []string{text} },
			"forwarded for":        func(r *http.Request) { r.Header["X-Forwarded-For"] = []string{text} },
			"remote address":       func(r *http.Request) { r.RemoteAddr = text },
			"version":              func(r *http.Request) { r.Header["X-Broker-Api-Version"] = []string{text} },
			"user":                 func(r *http.Request) { r.SetBasicAuth(text, "p") },
			"password":             func(r *http.Request) { r.SetBasicAuth("u", text) },
			"credentials":          func(r *http.Request) { r.Header["Authorization"] = []string{text} },
		} {
			t.Run(kind+" "+where, func(t *testing.T) {
				out := &locked{}
				request := httptest.NewRequest(http.MethodGet, "/v2/service_instances/x", nil)
				request.URL.RawPath = request.URL.Path
				request.SetBasicAuth("u", "p")
				request.Header.Set("X-Broker-API-Version", "2.17")
				change(request)
				logging(out).ServeHTTP(httptest.NewRecorder(), request)
				wholesome(t, out.text.String())
			})
		}
	}
}

// wholesome fails unless each line is a JSON object of the broker's own, of a
// bounded length, and with nothing that a terminal would obey.
func wholesome(t *testing.T, log string) {
	t.Helper()
	if log == "" {
		t.Error("nothing is logged")
	}
	if !utf8.ValidString(log) {
		t.Errorf("the log isn't UTF-8: %q", log)
	}
	for line := range strings.Lines(log) {
		var entry struct {
			Message string         `json:"message"`
			Data    map[string]any `json:"data"`
		}
		line = strings.TrimSuffix(line, "\n")
		if err := json.Unmarshal([]byte(line), &entry); err != nil || !strings.HasPrefix(entry.Message, "test.") || entry.Data["forged"] != nil {
			t.Errorf("a line isn't the broker's own (%v): %q", err, line)
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("a line has the character %U at %d: %q", []rune(line[i:])[0], i, line)
		}
		if len(line) > 12_000 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
}

// TestLogOfRawRequests sends over the wire what no client library would.
func TestLogOfRawRequests(t *testing.T) {
	out := &locked{}
	server := httptest.NewServer(logging(out))
	authorization := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:p")) + "\r\nX-Broker-API-Version: 2.17\r\nHost: x\r\nConnection: close\r\n"
	for _, request := range []string{
		"GET /v2/service_instances/\xff\x9b\u202e%0a%1b[31m HTTP/1.1\r\n" + authorization,
		"GET /v2/service_instances/x HTTP/1.1\r\nX-Broker-API-Originating-Identity: \xff\x9b\u202e\u009b x\r\n" + authorization,
		"GET /v2/service_instances/x HTTP/1.1\r\nX-Broker-API-Request-Identity: \xff\x9b\u202e\u009b\r\n" + authorization,
		"GET /v2/service_instances/x HTTP/1.1\r\nX-Forwarded-For: \xff\x9b\u202e\u009b\r\n" + authorization,
	} {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Write([]byte(request + "\r\n")); err != nil {
			t.Fatal(err)
		}
		if status, err := bufio.NewReader(connection).ReadString('\n'); err != nil || !strings.HasPrefix(status, "HTTP/1.1 ") {
			t.Errorf("%q is answered with %q (%v)", request, status, err)
		}
		_ = connection.Close()
	}
	server.Close()
	wholesome(t, out.text.String())
	if n := strings.Count(out.text.String(), "test.http.request"); n != 4 {
		t.Errorf("%d requests are logged: %s", n, out.text.String())
	}
}
