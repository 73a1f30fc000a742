package credhub_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/credhub"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

const secret = "s3cr3t"

var credentials = json.RawMessage(`{"password":"` + secret + `"}`)

func newCredHub(t *testing.T, permitted ...string) (*cf.Server, *credhub.Client) {
	t.Helper()
	s, err := cf.Start(cf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddClient(cf.Client{ID: "vault", Secret: "open", Authorities: []string{"credhub.read", "credhub.write"}})
	s.Permit("vault", "/c/broker/*", permitted...)
	return s, clientOf(s, "open")
}

func clientOf(s *cf.Server, password string) *credhub.Client {
	return credhub.New(cfapi.Settings{
		ClientID: "vault", ClientSecret: password, Timeout: time.Minute,
		Known: map[cfapi.Part]string{cfapi.CredHub: s.URL() + "/credhub/", cfapi.UAA: s.URL() + "/uaa"},
		Names: cfapi.Names{Address: "CH_CRED_HUB_URL and CH_UAA_URL", Client: "CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET"},
	}, "broker")
}

// TestKeepAndForget: both can be repeated, one reader reads, and nothing is left.
func TestKeepAndForget(t *testing.T) {
	s, c := newCredHub(t)
	name := c.Name("My database!", "b1")
	if name != "/c/broker/My-database-/b1/secrets-and-services" {
		t.Errorf("the name is %s", name)
	}
	for range 2 {
		if err := c.Keep(t.Context(), name, "mtls-app:a", credentials); err != nil {
			t.Fatal(err)
		}
	}
	if value, ok := s.ReadCredential("mtls-app:a", name); !ok || value != string(credentials) {
		t.Errorf("the app reads %q, %v", value, ok)
	}
	if _, ok := s.ReadCredential("mtls-app:b", name); ok {
		t.Error("another app reads it")
	}
	if left, err := c.Left(t.Context(), []string{name, "/c/former/db/b2/secrets-and-services"}); err != nil || !slices.Equal(left, []string{name}) {
		t.Errorf("left: %v, %v", left, err)
	}
	for range 2 {
		if err := c.Forget(t.Context(), name, "mtls-app:a"); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Credentials())+len(s.Readers()[name]) > 0 {
		t.Errorf("left: %v, readers %v", s.Credentials(), s.Readers()[name])
	}
	if left, err := c.Left(t.Context(), []string{name}); err != nil || len(left) > 0 || c.LastError() != nil {
		t.Errorf("left: %v, %v; last %v", left, err, c.LastError())
	}
}

// TestForgetBegun: what broke off in between is finished.
func TestForgetBegun(t *testing.T) {
	for _, route := range []string{"DELETE /credhub/api/v1/data", "DELETE /credhub/api/v2/permissions/{guid}"} {
		for _, kind := range []cf.Kind{cf.Down, cf.AnswerLost, cf.Unrouted} {
			s, c := newCredHub(t)
			name := c.Name("db", "b1")
			if err := c.Keep(t.Context(), name, "mtls-app:a", credentials); err != nil {
				t.Fatal(err)
			}
			s.Fault(cf.CredHub, cf.Fault{Kind: kind, Route: route, Times: 1})
			if err := c.Forget(t.Context(), name, "mtls-app:a"); err == nil {
				t.Errorf("%s %s: no error", route, kind)
			}
			if err := c.Forget(t.Context(), name, "mtls-app:a"); err != nil || len(s.Credentials())+len(s.Readers()[name]) > 0 {
				t.Errorf("%s %s: %v; left %v, readers %v", route, kind, err, s.Credentials(), s.Readers()[name])
			}
		}
	}
}

// TestErrors: each says what to look at, and none the credentials.
func TestErrors(t *testing.T) {
	for what, c := range map[string]struct {
		fault     cf.Fault
		part      cf.Part
		permitted []string
		password  string
		large     bool
		want      []string
	}{
		"down":              {part: cf.CredHub, fault: cf.Fault{Kind: cf.Down}, want: []string{"CredHub"}},
		"an error of its":   {part: cf.CredHub, fault: cf.Fault{Kind: cf.ServerError}, want: []string{"CredHub answered 500: An application error occurred", "see its log"}},
		"not there":         {part: cf.CredHub, fault: cf.Fault{Kind: cf.Unrouted}, want: []string{"404", "is CredHub up?"}},
		"a login page":      {part: cf.CredHub, fault: cf.Fault{Kind: cf.Redirect}, want: []string{"redirects", "check CH_CRED_HUB_URL"}},
		"half an answer":    {part: cf.CredHub, fault: cf.Fault{Kind: cf.InvalidJSON}, want: []string{"isn't valid JSON", "check CH_CRED_HUB_URL"}},
		"tokens refused":    {part: cf.CredHub, fault: cf.Fault{Kind: cf.Unauthorized}, want: []string{"401", "see whether it trusts this UAA"}},
		"wrong secret":      {password: "shut", want: []string{"UAA answered 401", "check CH_UAA_CLIENT_NAME and CH_UAA_CLIENT_SECRET"}},
		"may not write":     {permitted: []string{"read"}, want: []string{"403", "credhub set-permission -a uaa-client:vault -p '/c/broker/*'"}},
		"may not permit":    {permitted: []string{"read", "write"}, want: []string{"404", "credhub set-permission -a uaa-client:vault"}},
		"large credentials": {large: true, want: []string{"413", "have the chart's bind.yaml hand out less"}},
	} {
		t.Run(what, func(t *testing.T) {
			s, client := newCredHub(t, c.permitted...)
			if c.part != "" {
				s.Fault(c.part, c.fault)
			}
			if c.password != "" {
				client = clientOf(s, c.password)
			}
			value := credentials
			if c.large {
				value = json.RawMessage(`"` + strings.Repeat(secret, 20_000) + `"`)
			}
			err := client.Keep(t.Context(), client.Name("db", "b1"), "mtls-app:a", value)
			if err == nil || client.LastError() == nil || strings.Contains(err.Error(), secret) {
				t.Fatalf("the error is %v", err)
			}
			for _, words := range c.want {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q doesn't say %q", err, words)
				}
			}
		})
	}
}

// TestForgetWithoutRight: "isn't there" is believed from nobody who may not delete.
func TestForgetWithoutRight(t *testing.T) {
	s, c := newCredHub(t, "read", "write", "write_acl", "read_acl")
	name := c.Name("db", "b1")
	if err := c.Keep(t.Context(), name, "mtls-app:a", credentials); err != nil {
		t.Fatal(err)
	}
	if err := c.Forget(t.Context(), name, "mtls-app:a"); err == nil || !strings.Contains(err.Error(), "-o read,write,delete") {
		t.Errorf("the error is %v", err)
	}
	if len(s.Credentials()) != 1 {
		t.Error("it is gone")
	}
}

// TestUAAOfTheRoot: where no UAA is set, the CF API's root says where it is.
func TestUAAOfTheRoot(t *testing.T) {
	s, _ := newCredHub(t)
	c := credhub.New(cfapi.Settings{
		CFAPIAddress: s.URL(), ClientID: "vault", ClientSecret: "open", Timeout: time.Minute,
		Known: map[cfapi.Part]string{cfapi.CredHub: s.URL() + "/credhub", cfapi.UAA: ""},
	}, "broker")
	if n, err := c.Count(t.Context()); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if asked := s.Requests(); asked[http.MethodGet+" /"] != 1 || asked["POST /uaa/oauth/token"] != 1 {
		t.Errorf("asked: %v", asked)
	}
}
