package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// hostile is a request that isn't a platform's.
type hostile struct {
	path    string // "": that of a new instance
	headers map[string]string
	// fields are laid over those of a create, as JSON texts.
	fields map[string]string
	status int
	words  string
}

// TestHostileRequests sends what no platform would, many at once: each is answered
// with what is wrong, the log's lines stay short, and the memory flat.
func TestHostileRequests(t *testing.T) {
	f := newFoundation(t, "charts-greedy", nil)
	f.within()
	deep := strings.Repeat(`{"a":`, 40_000) + "1" + strings.Repeat("}", 40_000)
	identity := func(text string) map[string]string {
		return map[string]string{"X-Broker-API-Originating-Identity": "cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(text))}
	}
	many := map[string]string{}
	for n := range 3000 {
		many[fmt.Sprintf("X-%d", n)] = strings.Repeat("y", 20)
	}
	parameters := func(text string) map[string]string { return map[string]string{"parameters": text} }
	long := strings.Repeat("l", 20_000)
	for name, h := range map[string]hostile{
		"huge identity":         {headers: identity(strings.Repeat("x", 30_000)), status: 400, words: "X-Broker-API-Originating-Identity"},
		"identity beyond that":  {headers: identity(strings.Repeat("x", 200_000)), status: 431},
		"huge request identity": {headers: map[string]string{"X-Broker-API-Request-Identity": long}, status: 400, words: "X-Broker-API-Request-Identity"},
		"deep identity":         {headers: identity(strings.Repeat("[", 9000)), fields: parameters("[]"), status: 400, words: "must be a JSON object"},
		"identity in no base64": {headers: map[string]string{"X-Broker-API-Originating-Identity": "cloudfoundry !!!"}, fields: parameters("[]"), status: 400, words: "must be a JSON object"},
		"many headers":          {headers: many, status: 431},
		"many hops":             {headers: map[string]string{"X-Forwarded-For": strings.Repeat("192.0.2.1,", 5000)}, fields: parameters("[]"), status: 400, words: "must be a JSON object"},
		"long body":             {fields: parameters(`{"a":"` + strings.Repeat("x", 300_000) + `"}`), status: 400, words: "262144 bytes"},
		"deep parameters":       {fields: parameters(deep), status: 400, words: "JSON"},
		"deep enough":           {fields: parameters(strings.Repeat("[", 5000) + strings.Repeat("]", 5000)), status: 400, words: "nested deeper than 32"},
		"deep context":          {fields: map[string]string{"context": strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000), "parameters": "[]"}, status: 400, words: ""},
		"many values":           {fields: parameters(`{"a":[` + strings.Repeat("1,", 100_000) + "1]}"), status: 400, words: "more than 10000"},
		"a key twice":           {fields: parameters(`{"a":1,"a":2}`), status: 400, words: "given twice"},
		"huge number":           {fields: parameters(`{"a":1e999999}`), status: 400, words: "a"},
		"long number":           {fields: parameters(`{"a":1` + strings.Repeat("0", 100_000) + `}`), status: 400, words: ""},
		"huge number elsewhere": {fields: map[string]string{"context": `{"a":1e999999}`, "parameters": "[]"}, status: 400, words: "context"},
		"no UTF-8":              {fields: parameters("{\"a\":\"\xff\"}"), status: 400, words: "isn't Unicode"},
		"a raw NUL":             {fields: parameters("{\"a\":\"\x00\"}"), status: 400, words: "malformed"},
		"NULs in ids":           {fields: map[string]string{"service_id": `"\u0000"`}, status: 400, words: "the catalog has no service"},
		"long ids":              {fields: map[string]string{"service_id": `"` + long + `"`}, status: 400, words: "the catalog has no service"},
		"long organization":     {fields: map[string]string{"organization_guid": `"` + long + `"`}, status: 400, words: "organization_guid"},
		"long space":            {fields: map[string]string{"space_guid": `"` + long + `"`}, status: 400, words: "space_guid"},
		"long instance id":      {path: "/v2/service_instances/" + long, status: 400, words: "can't be used"},
		"NUL in an instance id": {path: "/v2/service_instances/a%00b", status: 400, words: "can't be used"},
		"a folder above":        {path: "/v2/service_instances/..%2F..%2Fx", status: 400, words: "can't be used"},
		"long path":             {path: "/v2/" + long, status: 404, words: "nothing at this path"},
		"many folders":          {path: "/v2" + strings.Repeat("/x", 20_000), status: 404, words: "nothing at this path"},
	} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					answer, err := f.Do(f.hostile(t, h))
					if err != nil {
						t.Error(err)
						return
					}
					if answer.Status != h.status || !strings.Contains(string(answer.Body), h.words) || len(answer.Body) > 1000 {
						t.Errorf("answered %d %.300s", answer.Status, answer.Body)
					}
				})
			}
			all.Wait()
		})
	}
	for line := range strings.Lines(f.broker.Log()) {
		if len(line) > 8<<10 {
			t.Errorf("logged a line of %d bytes: %.300s", len(line), line)
		}
	}
	f.delete(f.create("greedy", "open", nil))
	f.wantAlive()
}

func (f *foundation) hostile(t *testing.T, h hostile) *http.Request {
	i := f.instance("greedy", "open")
	fields := map[string]string{
		"service_id": `"` + i.Service.ID + `"`, "plan_id": `"` + i.Plan.ID + `"`,
		"organization_guid": `"` + uuid.NewString() + `"`, "space_guid": `"` + uuid.NewString() + `"`, "context": `{"platform":"cloudfoundry"}`,
	}
	for key, text := range h.fields {
		fields[key] = text
	}
	var parts []string
	for key, text := range fields {
		parts = append(parts, `"`+key+`":`+text)
	}
	path := h.path
	if path == "" {
		path = "/v2/service_instances/" + i.ID
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.URL+path+"?accepts_incomplete=true", strings.NewReader("{"+strings.Join(parts, ",")+"}"))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(f.Username, f.Password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	for name, value := range h.headers {
		request.Header.Set(name, value)
	}
	return request
}
