package cfapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// FuzzAnswer reads any answer of the policy server, the cloud controller and
// UAA. What a server says ends in descriptions that people read: short, and in
// one encoding.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []struct {
		status         int
		body, location string
	}{
		{200, `{"total_policies":1,"policies":[{"source":{"id":"a"},"destination":{"id":"b","protocol":"tcp","ports":{"start":8080,"end":8090}}}]}`, ""},
		{200, `{"total_policies":0,"policies":[]}`, ""}, {200, `{"policies":null}`, ""}, {200, `[]`, ""}, {200, ``, ""}, {200, `<html>Log in</html>`, ""},
		{200, `{"policies":[{"destination":{"ports":{"start":1e400}}}]}`, ""}, {200, `{"policies":[{"destination":{"ports":{"start":99999999999,"end":-1}}}]}`, ""},
		{200, `{"links":{"uaa":{"href":"https://uaa.example.com"},"network_policy_v1":{"href":"https://api.example.com/networking/v1/external"},"routing":null}}`, ""},
		{400, `{"error": "mapper: validate policies: missing source id"}`, ""}, {403, `{"error": "provided scopes [] do not include allowed scopes [network.admin network.write]"}`, ""},
		{400, `{"error": "invalid "quotes" in it"}`, ""}, {404, "404 Not Found: Requested route ('x') does not exist.\n", ""},
		{422, `{"errors":[{"detail":"name must be unique in space","title":"CF-UnprocessableEntity","code":10008}]}`, ""}, {401, `{"error":"unauthorized","error_description":"Bad credentials"}`, ""},
		{302, ``, "https://login.example.com/login?token=s3cr3t"}, {301, ``, "http://user:s3cr3t@example.com/%zz"}, {502, "\xff\xfe", "::"}, {100, "x", ""},
	} {
		f.Add(seed.status, []byte(seed.body), seed.location)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, location string) {
		for _, part := range []Part{PolicyServer, CloudController, UAA, APIRoot} {
			var answer struct{ Policies []policy.Policy }
			response := &http.Response{StatusCode: status, Header: http.Header{"Location": {location}}, Body: io.NopCloser(bytes.NewReader(body))}
			if location == "" {
				response.Header = http.Header{}
			}
			err := read(response, Request{Part: part, Needs: "give it a right", Answer: &answer})
			if err == nil && (status < 200 || status > 299) {
				t.Errorf("status %d is taken for success", status)
			}
			if err != nil {
				sound(t, err, location)
				continue
			}
			for _, p := range answer.Policies {
				_ = p.Validate()
			}
			if again := policy.Merged(policy.Merged(answer.Policies)); len(again) != len(policy.Merged(answer.Policies)) {
				t.Errorf("merging isn't done after once: %v", again)
			}
		}
	})
}

func sound(t *testing.T, err error, location string) {
	t.Helper()
	text := err.Error()
	if !utf8.ValidString(text) || len(text) > 2500+3*len(location) {
		t.Errorf("an error for nobody, %d bytes: %.300q", len(text), text)
	}
	if strings.Contains(text, "s3cr3t") && strings.Contains(location, "s3cr3t") && strings.Contains(location, "?token=s3cr3t") {
		t.Errorf("it quotes the query of where it was sent: %s", text)
	}
}
