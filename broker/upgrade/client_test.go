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
			client := upgrade.Client{URL: server.URL + "/", User: "u", Password: "p", HTTP: server.Client(), Poll: time.Millisecond, Patience: time.Minute}
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

// TestUpgradeForLong: whoever has waited in vain says of whom, and whether the broker was asked.
func TestUpgradeForLong(t *testing.T) {
	const busy, down = `{"error":"ConcurrencyError","description":"its update is running"}`, `{"description":"no replica leads"}`
	for name, c := range map[string]struct {
		asks, polls int // statuses
		body        string
		kind        error // nil: a failure like any
		want        string
	}{
		"an instance that is busy":            {422, 200, busy, upgrade.ErrBusy, "it is busy: its update is running"},
		"a broker that doesn't take it":       {503, 200, down, nil, "no replica leads"},
		"a broker that breaks off":            {0, 200, "", upgrade.ErrUnderWay, "the broker goes on with it if it has heard of it"},
		"a broker that took it and is down":   {202, 503, down, upgrade.ErrUnderWay, "the broker goes on with it once it answers: no replica leads"},
		"a broker that took it and went away": {202, 0, "", upgrade.ErrUnderWay, "the broker goes on with it once it answers"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status, body := c.polls, c.body
			if r.Method == http.MethodPatch {
				status = c.asks
			}
			if status == http.StatusAccepted {
				body = `{"operation":"o"}`
			}
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		defer server.Close()
		client := upgrade.Client{URL: server.URL, HTTP: server.Client()}
		err := client.Upgrade(t.Context(), upgrade.Step{Instance: upgrade.Instance{ID: "i"}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: ended with %v, want %q", name, err, c.want)
		}
		for _, kind := range []error{upgrade.ErrBusy, upgrade.ErrUnderWay, upgrade.ErrDeleted} {
			if errors.Is(err, kind) != errors.Is(c.kind, kind) {
				t.Errorf("%s: ended with %v, want %v", name, err, c.kind)
			}
		}
	}
}

// TestOffered: an address that isn't a broker's is told at once.
func TestOffered(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string // in the error; empty: none
	}{
		"a broker":        {200, `{"services":[{"id":"s","name":"redis","plans":[{"id":"p","name":"small","maintenance_info":{"version":"1.0.0"}},{"id":"held","metadata":{"upgrade":"hold"},"maintenance_info":{"version":"1.0.0"}}]},{"id":"empty"}]}`, ""},
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
				if err != nil || len(offer) != 2 || offer["p"] != (upgrade.Plan{Service: "redis", Name: "small", Version: "1.0.0"}) || !offer["held"].Holds {
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
	client := upgrade.Client{URL: server.URL, HTTP: server.Client(), Poll: time.Millisecond, Patience: time.Minute}
	if err := client.Upgrade(ctx, upgrade.Step{Instance: upgrade.Instance{ID: "i"}}); !errors.Is(err, upgrade.ErrUnderWay) {
		t.Errorf("ended with %v", err)
	}
}
