package cf_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

var partPaths = map[cf.Part]string{cf.APIRoot: "/", cf.UAA: "/uaa/oauth/token", cf.CC: "/v3/apps", cf.PolicyAPI: policiesPath, cf.CredHub: "/credhub/info"}

// Each kind of fault in each part's own words; what isn't faulted still works.
func TestFaultAnswers(t *testing.T) {
	s := start(t, cf.Options{Client: ccAdmin})
	token := tokenOf(t, s, ccAdmin)
	for _, test := range []struct {
		part   cf.Part
		kind   cf.Kind
		status int
		want   string
	}{
		{cf.PolicyAPI, cf.ServerError, 500, `{"error": "database read failed"}`},
		{cf.PolicyAPI, cf.Unauthorized, 401, `{"error": "failed to verify token with uaa"}`},
		{cf.PolicyAPI, cf.Forbidden, 403, `{"error": "policy quota exceeded"}`},
		{cf.PolicyAPI, cf.InvalidJSON, 200, `{"total_policies": 1, "policies": [`},
		{cf.PolicyAPI, cf.Redirect, 200, `<!DOCTYPE html>`},
		{cf.PolicyAPI, cf.Unrouted, 404, `404 Not Found: Requested route`},
		{cf.CC, cf.ServerError, 500, `"code":10001`},
		{cf.CC, cf.Unauthorized, 401, `"title":"CF-InvalidAuthToken"`},
		{cf.CC, cf.Forbidden, 403, `"title":"CF-NotAuthorized"`},
		{cf.UAA, cf.ServerError, 500, `"error":"server_error"`},
		{cf.UAA, cf.Unauthorized, 401, `"error_description":"Bad credentials"`},
		{cf.UAA, cf.Forbidden, 403, `"error":"access_denied"`},
		{cf.UAA, cf.InvalidJSON, 200, `{"total_policies": 1, "policies": [`},
		{cf.CredHub, cf.ServerError, 500, `"error":"An application error occurred.`},
		{cf.CredHub, cf.Unauthorized, 401, `"error":"invalid_token"`},
		{cf.CredHub, cf.Forbidden, 403, `do not have sufficient authorization."`},
		{cf.APIRoot, cf.ServerError, 500, `"code":10001`},
		{cf.APIRoot, cf.Unrouted, 404, `404 Not Found: Requested route`},
	} {
		t.Run(string(test.part)+" "+string(test.kind), func(t *testing.T) {
			s.Fault(test.part, cf.Fault{Kind: test.kind})
			defer s.Clear(test.part)
			method := "GET"
			if test.part == cf.UAA {
				method = "POST"
			}
			status, body := ask(t, s, token, method, partPaths[test.part], "")
			if status != test.status || !strings.HasPrefix(body, test.want) && !strings.Contains(body, test.want) {
				t.Errorf("%d %s, want %d with %s", status, body, test.status, test.want)
			}
			for part, path := range partPaths {
				if part != test.part && part != cf.UAA && (test.part != cf.UAA || part != cf.PolicyAPI) {
					if status, body := ask(t, s, token, "GET", path, ""); status != 200 {
						t.Errorf("%s isn't faulted: %d %s", part, status, body)
					}
				}
			}
		})
	}
}

// A client sees each of the failures, the first on a connection that has served
// it before, then an answer.
func TestFaultTimes(t *testing.T) {
	for _, kind := range []cf.Kind{cf.Down, cf.AnswerLost} {
		s := start(t, cf.Options{})
		client := s.HTTPClient()
		var failures []bool
		for i := range 5 {
			if i == 1 {
				s.Fault(cf.APIRoot, cf.Fault{Kind: kind, Times: 2})
			}
			response, err := client.Get(s.URL())
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
			failures = append(failures, err != nil)
		}
		if !slices.Equal(failures, []bool{false, true, true, false, false}) || s.Requests()["GET /"] != 5 {
			t.Errorf("%s twice: failures %v in %d requests", kind, failures, s.Requests()["GET /"])
		}
	}
}

func TestFaultsTakeTurns(t *testing.T) {
	s := start(t, cf.Options{})
	s.Fault(cf.APIRoot, cf.Fault{Kind: cf.ServerError, Times: 1})
	s.Fault(cf.APIRoot, cf.Fault{Kind: cf.Forbidden, Times: 2})
	s.Fault(cf.APIRoot, cf.Fault{Kind: cf.Unauthorized})
	var got []int
	for range 5 {
		status, _ := ask(t, s, "", "GET", "/", "")
		got = append(got, status)
	}
	s.Clear()
	status, _ := ask(t, s, "", "GET", "/", "")
	if got = append(got, status); !slices.Equal(got, []int{500, 403, 403, 401, 401, 200}) {
		t.Errorf("answers %v", got)
	}
}

func TestFaultOfOneRoute(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	s.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.ServerError, Route: "POST " + policiesPath + "/delete"})
	body := request(policy("a", "b", "tcp", 1, 1))
	for _, test := range []struct {
		method, path string
		status       int
	}{{"POST", "", 200}, {"POST", "/delete", 500}, {"GET", "", 200}} {
		if status, body := ask(t, s, token, test.method, policiesPath+test.path, body); status != test.status {
			t.Errorf("%s %s: %d %s, want %d", test.method, test.path, status, body, test.status)
		}
	}
}

// A lost answer's request is carried out.
func TestAnswerLost(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	s.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.AnswerLost, Times: 1})
	request, err := http.NewRequest("POST", s.URL()+policiesPath, strings.NewReader(request(policy("a", "b", "tcp", 1, 1))))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if response, err := s.HTTPClient().Do(request); err == nil {
		_ = response.Body.Close()
		t.Errorf("answered %s", response.Status)
	}
	if want := []cf.Policy{cf.NewPolicy("a", "b", "tcp", 1, 1)}; !slices.Equal(s.Policies(), want) {
		t.Errorf("policies %v", s.Policies())
	}
}

// What UAA's and the cloud controller's faults do to the policy API.
func TestFaultsBehindPolicyAPI(t *testing.T) {
	s := start(t, cf.Options{Client: cf.Client{ID: "writer", Secret: "w", Authorities: []string{"network.write"}}})
	s.AddClient(ccAdmin)
	writing, admin := tokenOf(t, s, s.Client()), tokenOf(t, s, ccAdmin)
	body := request(policy("a", "b", "tcp", 1, 1))
	const verify = `{"error": "failed to verify token with uaa"}`
	for _, test := range []struct {
		fact         string
		part         cf.Part
		route, token string
		method, path string
		status       int
		want         string
	}{
		{"UAA down: no token is good", cf.UAA, "", admin, "GET", "", 401, verify},
		{"UAA down: not even to write", cf.UAA, "", writing, "POST", "", 401, verify},
		{"CC down: an admin doesn't need it", cf.CC, "", admin, "POST", "", 200, "{}"},
		{"CC down: a writer can't open", cf.CC, "", writing, "POST", "", 500, `{"error": "check access failed"}`},
		{"CC down: a writer can't close", cf.CC, "", writing, "POST", "/delete", 500, `{"error": "check access failed"}`},
		{"CC down: a writer can't list", cf.CC, "", writing, "GET", "", 500, `{"error": "filter policies failed"}`},
		{"no token for CC", cf.UAA, "POST /uaa/oauth/token", writing, "GET", "", 500, `{"error": "filter policies failed"}`},
	} {
		t.Run(test.fact, func(t *testing.T) {
			s.Fault(test.part, cf.Fault{Kind: cf.Down, Route: test.route})
			defer s.Clear()
			if status, got := ask(t, s, test.token, test.method, policiesPath+test.path, body); status != test.status || got != test.want {
				t.Errorf("%d %s, want %d %s", status, got, test.status, test.want)
			}
		})
	}
}

func TestSlow(t *testing.T) {
	s := start(t, cf.Options{})
	const delay = 50 * time.Millisecond
	s.Fault(cf.APIRoot, cf.Fault{Kind: cf.Slow, Delay: delay, Times: 1})
	begin := time.Now()
	if status, body := ask(t, s, "", "GET", "/", ""); status != 200 || time.Since(begin) < delay {
		t.Errorf("%d %s after %s", status, body, time.Since(begin))
	}
}

// A slow request isn't carried out once its client has gone: a second one, as
// slow and sent later, is done and the first is not.
func TestSlowEndsWithItsClient(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	s.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Slow, Delay: 500 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	ended := slowWrite(ctx, t, s, token)
	awaitRequest(t, s)
	cancel()
	<-ended
	if status, body := ask(t, s, token, "POST", policiesPath, request(policy("c", "d", "tcp", 1, 1))); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if want := []cf.Policy{cf.NewPolicy("c", "d", "tcp", 1, 1)}; !slices.Equal(s.Policies(), want) {
		t.Errorf("policies %v, want %v", s.Policies(), want)
	}
}

// Close ends slow requests too.
func TestSlowEndsWithItsServer(t *testing.T) {
	s := start(t, cf.Options{})
	token := tokenOf(t, s, s.Client())
	s.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Slow, Delay: time.Hour})
	ended := slowWrite(t.Context(), t, s, token)
	awaitRequest(t, s)
	s.Close()
	<-ended
	if len(s.Policies()) != 0 {
		t.Errorf("policies %v", s.Policies())
	}
}

// slowWrite posts a policy and says when the request has ended, which must be
// without an answer.
func slowWrite(ctx context.Context, t *testing.T, s *cf.Server, token string) <-chan struct{} {
	request, err := http.NewRequestWithContext(ctx, "POST", s.URL()+policiesPath, strings.NewReader(request(policy("a", "b", "tcp", 1, 1))))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if response, err := s.HTTPClient().Do(request); err == nil {
			_ = response.Body.Close()
			t.Errorf("answered %s", response.Status)
		}
	}()
	return ended
}

// awaitRequest returns once the policy API has got a request.
func awaitRequest(t *testing.T, s *cf.Server) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for s.Requests()["POST "+policiesPath] == 0 {
		if time.Now().After(deadline) {
			t.Fatal("no request arrived")
		}
		time.Sleep(time.Millisecond)
	}
}
