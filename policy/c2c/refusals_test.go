package c2c_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// calls are the policy client's, each of which must treat every failure alike.
var calls = map[string]func(context.Context, *c2c.Client) error{
	"list": func(ctx context.Context, c *c2c.Client) error { _, err := c.List(ctx); return err },
	"create": func(ctx context.Context, c *c2c.Client) error {
		return c.Create(ctx, []policy.Policy{policy.To(app, group, "tcp", 1)})
	},
	"delete": func(ctx context.Context, c *c2c.Client) error {
		return c.Delete(ctx, []policy.Policy{policy.To(app, group, "tcp", 1)})
	},
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		part   cf.Part
		kind   cf.Kind
		edit   func(*c2c.Settings)
		status int
		want   string
	}{
		"down":             {part: cf.PolicyAPI, kind: cf.Down, want: "calling the policy server"},
		"500":              {part: cf.PolicyAPI, kind: cf.ServerError, status: 500, want: "the policy server answered 500: database read failed; see its log"},
		"a quota":          {part: cf.PolicyAPI, kind: cf.Forbidden, status: 403, want: "policy quota exceeded; give the UAA client of CF_CLIENT_ID the authority network.admin"},
		"401 for ever":     {part: cf.PolicyAPI, kind: cf.Unauthorized, status: 401, want: "failed to verify token with uaa; it refuses a new token too: see whether the policy server reaches UAA"},
		"invalid JSON":     {part: cf.PolicyAPI, kind: cf.InvalidJSON, want: "the answer of the policy server isn't valid JSON"},
		"a login page":     {part: cf.PolicyAPI, kind: cf.Redirect, status: 302, want: "/_standin/login; check that CF_API_ADDRESS is the CF API and that no proxy"},
		"unrouted":         {part: cf.PolicyAPI, kind: cf.Unrouted, status: 404, want: "is the policy server up?"},
		"root down":        {part: cf.APIRoot, kind: cf.Down, want: "reading the root of the CF API"},
		"root 500":         {part: cf.APIRoot, kind: cf.ServerError, status: 500, want: "the CF API answered 500: An unknown error occurred."},
		"root redirects":   {part: cf.APIRoot, kind: cf.Redirect, status: 302, want: "reading the root of the CF API"},
		"root isn't JSON":  {part: cf.APIRoot, kind: cf.InvalidJSON, want: "the answer of the CF API isn't valid JSON"},
		"root unrouted":    {part: cf.APIRoot, kind: cf.Unrouted, status: 404, want: "check that CF_API_ADDRESS is the CF API"},
		"UAA down":         {part: cf.UAA, kind: cf.Down, want: "getting a token from UAA"},
		"UAA 500":          {part: cf.UAA, kind: cf.ServerError, status: 500, want: "UAA answered 500: server_error; see its log"},
		"UAA redirects":    {part: cf.UAA, kind: cf.Redirect, status: 302, want: "UAA answered 302: it redirects to"},
		"UAA unrouted":     {part: cf.UAA, kind: cf.Unrouted, status: 404, want: "that UAA is up"},
		"UAA isn't JSON":   {part: cf.UAA, kind: cf.InvalidJSON, want: "is no token"},
		"wrong secret":     {edit: func(s *c2c.Settings) { s.ClientSecret = "wrong" }, status: 401, want: "UAA answered 401: unauthorized; check CF_CLIENT_ID and CF_CLIENT_SECRET"},
		"not CF at all":    {edit: func(s *c2c.Settings) { s.CFAPIAddress = "http://127.0.0.1:1" }, want: "check CF_API_ADDRESS, that 127.0.0.1:1 is up"},
		"https to an http": {edit: func(s *c2c.Settings) { s.CFAPIAddress = strings.Replace(s.CFAPIAddress, "http", "https", 1) }, want: "should begin with http://"},
	} {
		for call, do := range calls {
			t.Run(name+": "+call, func(t *testing.T) {
				s := stand(t, cf.Options{})
				if c.kind != "" {
					s.Fault(c.part, cf.Fault{Kind: c.kind})
				}
				with := settings(s)
				if c.edit != nil {
					c.edit(&with)
				}
				var observed error
				client := c2c.New(with, func(name string, err error) {
					if name == call {
						observed = err
					}
				})
				err := do(t.Context(), client)
				checkRefusal(t, s, err, c.status, c.want)
				if observed == nil || client.LastError() == nil {
					t.Error("the failure wasn't observed")
				}
			})
		}
	}
}

// checkRefusal holds an error against a status, 0 for none, and its words, and
// looks for secrets in it.
func checkRefusal(t *testing.T, s *cf.Server, err error, status int, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v, want %q", err, want)
	}
	secret := s.Client().Secret
	for _, hidden := range []string{secret, base64.StdEncoding.EncodeToString([]byte(s.Client().ID + ":" + secret)), "earer"} {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("the error holds %q: %v", hidden, err)
		}
	}
	var refused *policy.Error
	if errors.As(err, &refused) != (status != 0) || refused != nil && refused.Status != status {
		t.Errorf("error %#v, want one with status %d", refused, status)
	}
}

// TestWrongScope has a client that UAA knows and the policy server doesn't let in.
func TestWrongScope(t *testing.T) {
	s := stand(t, cf.Options{Client: cf.Client{ID: "reader", Secret: "quite secret", Authorities: []string{"cloud_controller.read"}}})
	_, err := connect(s).List(t.Context())
	checkRefusal(t, s, err, 403, "do not include allowed scopes [network.admin network.write]; give the UAA client of CF_CLIENT_ID the authority network.admin")
}

// TestRefusedOnce doesn't show UAA a wrong secret twice for one call, which
// would have it lock the client sooner, and shows the policy server two tokens.
func TestRefusedOnce(t *testing.T) {
	s := stand(t, cf.Options{})
	wrong := settings(s)
	wrong.ClientSecret = "wrong"
	if _, err := c2c.New(wrong, func(string, error) {}).List(t.Context()); err == nil {
		t.Error("a wrong secret, and the call went well")
	}
	if asked := s.Requests()["POST /uaa/oauth/token"]; asked != 1 {
		t.Errorf("UAA was asked %d times, want once", asked)
	}
	s.Fault(cf.PolicyAPI, cf.Fault{Kind: cf.Unauthorized, Times: 1})
	if _, err := connect(s).List(t.Context()); err != nil {
		t.Errorf("a token refused once: %v", err)
	}
	if asked := s.Requests()["POST /uaa/oauth/token"]; asked != 3 {
		t.Errorf("UAA was asked %d times in all, want 3", asked)
	}
}

// TestGivingUpIsNoFailure leaves LastError alone when the caller went away.
func TestGivingUpIsNoFailure(t *testing.T) {
	s := stand(t, cf.Options{})
	client := connect(s)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.List(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := client.LastError(); err != nil {
		t.Errorf("LastError %v", err)
	}
}
