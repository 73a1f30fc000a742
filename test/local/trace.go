package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
)

// tracer shows each request to the broker, polling only once in a row.
type tracer struct {
	next http.RoundTripper
	out  printer
	last string
}

// RoundTrip passes the request on and shows it with its answer's status.
func (t *tracer) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	what := request.Method + " " + shortURL(request.URL)
	if what != t.last || request.Method != http.MethodGet {
		t.out.request(what, status(response.StatusCode))
	}
	t.last = what
	return response, nil
}

// status is as in "200 OK".
func status(code int) string { return fmt.Sprintf("%d %s", code, http.StatusText(code)) }

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// shortURL shortens ids and leaves out the query's, which say nothing to a
// reader.
func shortURL(u *url.URL) string {
	text := anyUUID.ReplaceAllStringFunc(u.Path, short)
	if u.Query().Get("accepts_incomplete") == "true" && !regexp.MustCompile(`last_operation|service_bindings`).MatchString(u.Path) {
		text += "?accepts_incomplete=true"
	}
	return text
}
