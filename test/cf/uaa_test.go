package cf_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

func TestToken(t *testing.T) {
	s := start(t, cf.Options{Client: cf.Client{ID: "a broker", Secret: "s&c ret", Authorities: []string{"network.admin"}}})
	const (
		bad   = `{"error":"unauthorized","error_description":"Bad credentials"}`
		grant = "grant_type=client_credentials"
	)
	for _, test := range []struct {
		name, user, password, form string
		status                     int
		want                       string
	}{
		{"in the header, encoded", "a+broker", url.QueryEscape("s&c ret"), grant, 200, `"scope":"network.admin"`},
		{"in the form", "", "", grant + "&client_id=a+broker&client_secret=s%26c+ret", 200, `"token_type":"bearer"`},
		{"ten minutes", "", "", grant + "&client_id=a+broker&client_secret=s%26c+ret", 200, `"expires_in":600`},
		{"a wrong secret in the header", "a+broker", "wrong", grant, 401, bad},
		{"a wrong secret in the form", "", "", grant + "&client_id=a+broker&client_secret=wrong", 401, bad},
		{"an unknown client", "other", "secret", grant, 401, bad},
		{"no credentials", "", "", grant, 401, `"error":"unauthorized"`},
		{"another grant type", "", "", "grant_type=password&client_id=a+broker&client_secret=s%26c+ret", 400, `"error":"unsupported_grant_type"`},
		{"an unreadable form", "a+broker", "x", "%", 400, `"error":"invalid_request"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			request, err := http.NewRequest("POST", s.URL()+"/uaa/oauth/token", strings.NewReader(test.form))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if test.user != "" {
				request.SetBasicAuth(test.user, test.password)
			}
			status, body := do(t, s, request)
			if status != test.status || !strings.Contains(body, test.want) {
				t.Errorf("%d %s, want %d with %s", status, body, test.status, test.want)
			}
		})
	}
}

// A token is good until its life is over, to the moment, for both APIs.
func TestTokenExpires(t *testing.T) {
	begin := time.Now()
	var now atomic.Pointer[time.Time]
	now.Store(&begin)
	s := start(t, cf.Options{Client: ccAdmin, TokenLife: 2 * time.Second, Clock: func() time.Time { return *now.Load() }})
	token := tokenOf(t, s, ccAdmin)
	for _, test := range []struct {
		after  time.Duration
		status int
	}{{0, 200}, {2*time.Second - 1, 200}, {2 * time.Second, 401}, {time.Second, 401}} {
		later := begin.Add(test.after)
		now.Store(&later)
		for _, path := range []string{"/networking/v1/external/policies", "/v3/apps"} {
			if status, body := ask(t, s, token, "GET", path, ""); status != test.status {
				t.Errorf("%s after %s: %d %s, want %d", path, test.after, status, body, test.status)
			}
		}
	}
}

func tokenOf(t *testing.T, s *cf.Server, c cf.Client) string {
	t.Helper()
	return target{http: s.HTTPClient()}.token(t, s.URL()+"/uaa", account{id: c.ID, secret: c.Secret})
}

// ask sends a request with a token, or without if it is empty.
func ask(t *testing.T, s *cf.Server, token, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "bearer "+token)
	}
	return do(t, s, request)
}

func do(t *testing.T, s *cf.Server, request *http.Request) (int, string) {
	t.Helper()
	response, err := s.HTTPClient().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}
