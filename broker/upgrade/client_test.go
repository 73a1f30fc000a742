package upgrade_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/upgrade"
)

// TestUpgrade holds answers of a broker against what becomes of them.
func TestUpgrade(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	for name, c := range map[string]struct {
		answers []answer // in turn; the last one again and again
		want    string   // in the error; empty: none
	}{
		"at once":          {[]answer{{200, `{}`}}, ""},
		"after a while":    {[]answer{{202, `{"operation":"o"}`}, {200, `{"state":"in progress"}`}, {200, `{"state":"succeeded"}`}}, ""},
		"it fails":         {[]answer{{202, `{"operation":"o"}`}, {200, `{"state":"failed","description":"no such image"}`}}, "no such image"},
		"it is busy first": {[]answer{{422, `{"error":"ConcurrencyError","description":"busy"}`}, {200, `{}`}}, ""},
		"no leader yet":    {[]answer{{503, `{"description":"later"}`}, {502, `<html>`}, {200, `{}`}}, ""},
		"refused":          {[]answer{{400, `{"description":"the parameters don't fit"}`}}, "the parameters don't fit"},
		"deleted":          {[]answer{{410, `{}`}}, "deleted meanwhile"},
		"deleted later":    {[]answer{{202, `{"operation":"o"}`}, {410, `{}`}}, "deleted meanwhile"},
		"another's login":  {[]answer{{401, `{}`}}, "SECURITY_USER_PASSWORD"},
		"without words":    {[]answer{{500, ``}}, "status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				if user != "u" || password != "p" || r.Header.Get("X-Broker-API-Version") == "" {
					t.Errorf("asked as %s with %v", user, r.Header)
				}
				if asked == 0 {
					var body map[string]any
					if json.NewDecoder(r.Body).Decode(&body) != nil || body["service_id"] != "s" || r.Method != http.MethodPatch || r.URL.RawQuery != "accepts_incomplete=true" {
						t.Errorf("asked %s %s %v", r.Method, r.URL, body)
					}
				}
				now := c.answers[min(asked, len(c.answers)-1)]
				asked++
				w.WriteHeader(now.status)
				_, _ = w.Write([]byte(now.body))
			}))
			defer server.Close()
			client := upgrade.Client{URL: server.URL + "/", User: "u", Password: "p", HTTP: server.Client(), Poll: time.Millisecond}
			err := client.Upgrade(t.Context(), upgrade.Step{Instance: upgrade.Instance{ID: "i", ServiceID: "s"}, To: "2.0.0"})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("ended with %v, want %q", err, c.want)
			}
			if asked != len(c.answers) {
				t.Errorf("asked %d times, want %d", asked, len(c.answers))
			}
		})
	}
}

// TestOffered: an address that isn't a broker's is told at once.
func TestOffered(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string // in the error; empty: none
	}{
		"a broker":        {200, `{"services":[{"id":"s","plans":[{"id":"p","maintenance_info":{"version":"1.0.0"}},{"id":"held","metadata":{"upgrade":"hold"},"maintenance_info":{"version":"1.0.0"}}]},{"id":"empty"}]}`, ""},
		"a page":          {200, `<html>`, "isn't the broker"},
		"no route":        {404, `404 Not Found: Requested route does not exist`, "status 404"},
		"another's login": {401, `{}`, "SECURITY_USER_PASSWORD"},
		"none is up":      {503, ``, "status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			offer, err := (&upgrade.Client{URL: server.URL, HTTP: server.Client()}).Offered(t.Context())
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if c.want == "" {
				if err != nil || len(offer.Versions) != 1 || offer.Versions["s"] != "1.0.0" || !offer.Held["held"] || offer.Held["p"] {
					t.Errorf("got %v, %v", offer, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), server.URL) {
				t.Errorf("ended with %v, want %q", err, c.want)
			}
		})
	}
}

// TestUpgradeInterrupted: what was begun is neither done nor failed.
func TestUpgradeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			_, _ = w.Write([]byte(`{"operation":"o"}`))
			return
		}
		cancel()
		_, _ = w.Write([]byte(`{"state":"in progress"}`))
	}))
	defer server.Close()
	client := upgrade.Client{URL: server.URL, HTTP: server.Client(), Poll: time.Millisecond}
	if err := client.Upgrade(ctx, upgrade.Step{Instance: upgrade.Instance{ID: "i"}}); !errors.Is(err, upgrade.ErrUnderWay) {
		t.Errorf("ended with %v", err)
	}
}
