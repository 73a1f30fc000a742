package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// longestLookup is how long the answer to one lookup may be, in bytes, and
// mostLookups how many requests a rendering may make for them: two each.
const (
	longestLookup = 4 << 20
	mostLookups   = 1000
	// mostRemembered is how much of answers is remembered, in bytes. What goes beyond
	// is asked again.
	mostRemembered = 16 << 20
)

// lookup is a GET request that a template's lookup has led to, and reply what
// the API server answers.
type lookup struct {
	URI    string      `json:"uri"`
	Header http.Header `json:"header"`
}

type reply struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// asking is the sandbox's side: a transport that has nowhere to go but to the
// process that waits.
type asking struct{ ask sandbox.Question }

// RoundTrip asks for the answer to a GET request.
func (a asking) RoundTrip(request *http.Request) (*http.Response, error) {
	var r reply
	if err := a.ask(lookup{URI: request.URL.RequestURI(), Header: request.Header}, &r); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: r.Status, Status: http.StatusText(r.Status), Header: r.Header, Request: request,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: int64(len(r.Body)),
	}, nil
}

// lookups is the other side: it asks the API server.
type lookups struct {
	client *http.Client
	server *url.URL
	count  int
	// known are the answers so far, by their requests; nil: they aren't remembered.
	known map[string]reply
	// room is what is left for more of them, in bytes.
	room int
}

// remember has what is asked twice answered in the same way.
func (l *lookups) remember() { l.known, l.room = map[string]reply{}, mostRemembered }

func (l *lookups) keep(request string, answer reply) {
	if size := len(request) + len(answer.Body); l.known != nil && size <= l.room {
		l.known[request] = answer
		l.room -= size
	}
}

func newLookups(config *rest.Config) (*lookups, error) {
	if config == nil {
		return &lookups{}, nil
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("building the client for what templates look up: %w", err)
	}
	server, _, err := rest.DefaultServerURL(config.Host, config.APIPath, schema.GroupVersion{}, true)
	if err != nil {
		return nil, fmt.Errorf("building the client for what templates look up: %w", err)
	}
	return &lookups{client: client, server: server}, nil
}

// answer answers one lookup. It is called by one goroutine at a time.
func (l *lookups) answer(ctx context.Context, question json.RawMessage) (any, error) {
	if l.count++; l.count > mostLookups {
		return nil, &ExceededError{What: fmt.Sprintf("%d requests for what it looks up", mostLookups)}
	}
	var asked lookup
	if err := json.Unmarshal(question, &asked); err != nil {
		return nil, err
	}
	key := asked.Header.Get("Accept") + " " + asked.URI
	if known, found := l.known[key]; found {
		return known, nil
	}
	uri, err := url.ParseRequestURI(asked.URI)
	if err != nil {
		return nil, err
	}
	request := &http.Request{Method: http.MethodGet, URL: l.server.ResolveReference(uri), Header: asked.Header}
	response, err := l.client.Do(request.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("looking up what a template asks for: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestLookup+1))
	if err != nil {
		return nil, fmt.Errorf("looking up what a template asks for: %w", err)
	}
	if len(body) > longestLookup {
		return nil, &ExceededError{What: fmt.Sprintf("%d MB for one lookup", longestLookup>>20)}
	}
	answer := reply{Status: response.StatusCode, Header: response.Header, Body: body}
	l.keep(key, answer)
	return answer, nil
}
