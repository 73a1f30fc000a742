package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// The conformance tests go through the tables of OSBAPI 2.17, one row for each
// cell, in every state that an instance or binding can be in. docs/osbapi.md
// says the same for people.

// row is a request and how it is answered.
type row struct {
	name    string
	request request
	status  int
	error   string // the body's "error", where the specification names one
	words   string // the body holds them
	// operation is what a 202 has to name; empty: any.
	operation string
}

// request is one of OSBAPI's.
type request struct {
	method, path string
	body         any
	header       fields
}

// fields are those of a request's body or header.
type fields map[string]any

// absent takes a field away.
type absent struct{}

func (f fields) with(changes fields) fields {
	all := maps.Clone(f)
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == absent{} })
	return all
}

func (r request) with(changes fields) request {
	r.body = r.body.(fields).with(changes)
	return r
}

// text has the request send a body as it is written.
func (r request) text(body string) request {
	r.body = []byte(body)
	return r
}

// sync is the request of a platform that can't wait.
func (r request) sync() request {
	r.path = strings.ReplaceAll(r.path, "accepts_incomplete=true", "accepts_incomplete=false")
	return r
}

// without leaves a field of the query away.
func (r request) without(name string) request {
	path, query, _ := strings.Cut(r.path, "?")
	var kept []string
	for field := range strings.SplitSeq(query, "&") {
		if !strings.HasPrefix(field, name+"=") {
			kept = append(kept, field)
		}
	}
	r.path = path + "?" + strings.Join(kept, "&")
	return r
}

// knock changes the headers that every request has.
func (r request) knock(header fields) request {
	r.header = header
	return r
}

// table sends each row's request, one after the other.
func (f *foundation) table(state string, rows ...row) {
	f.t.Helper()
	for _, r := range rows {
		f.t.Run(state+", "+r.name, func(t *testing.T) { r.check(t, f.answer(t, r.request)) })
	}
}

func (f *foundation) answer(t *testing.T, r request) rig.Answer {
	t.Helper()
	answer, err := f.send(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (f *foundation) send(ctx context.Context, r request) (rig.Answer, error) {
	text, raw := r.body.([]byte)
	var err error
	if !raw && r.body != nil {
		if text, err = json.Marshal(r.body); err != nil {
			return rig.Answer{}, err
		}
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, f.URL+r.path, bytes.NewReader(text))
	if err != nil {
		return rig.Answer{}, err
	}
	sent.SetBasicAuth(f.Username, f.Password)
	for name, value := range (fields{"X-Broker-API-Version": "2.17", "Content-Type": "application/json"}).with(r.header) {
		sent.Header.Set(name, value.(string))
	}
	return f.Do(sent)
}

// check holds the answer against the row, and against what the specification
// says of all answers.
func (r row) check(t *testing.T, answer rig.Answer) {
	t.Helper()
	body := map[string]any{}
	if err := answer.Decode(&body); err != nil || answer.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("the answer (%s) isn't a JSON object: %v", answer.Header.Get("Content-Type"), err)
	}
	if answer.Status != r.status {
		t.Fatalf("status %d, want %d: %s", answer.Status, r.status, answer.Body)
	}
	if key, _ := body["error"].(string); key != r.error {
		t.Errorf("the error is %q, want %q: %s", key, r.error, answer.Body)
	}
	if !strings.Contains(string(answer.Body), r.words) {
		t.Errorf("the body doesn't say %s: %s", r.words, answer.Body)
	}
	description, _ := body["description"].(string)
	operation, _ := body["operation"].(string)
	switch {
	case r.status == http.StatusGone && len(body) != 0:
		t.Errorf("gone, and something is said of it: %s", answer.Body)
	case r.status >= 400 && r.status != http.StatusGone && description == "":
		t.Errorf("the error has no description: %s", answer.Body)
	case r.status == http.StatusAccepted && (operation == "" || r.operation != "" && operation != r.operation):
		t.Errorf("the operation is %q, want %q", operation, r.operation)
	case r.status != http.StatusAccepted && operation != "":
		t.Errorf("the answer is final and names operation %q", operation)
	}
}
