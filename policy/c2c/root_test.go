package c2c_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// TestLinks meets API roots that lack links or hold wrong ones. STANDIN is the
// stand-in's address.
func TestLinks(t *testing.T) {
	const login, api = `"uaa":{"href":"STANDIN/uaa"}`, `"network_policy_v1":{"href":"STANDIN/networking/v1/external"}`
	for name, c := range map[string]struct {
		root string
		tls  bool
		want string // empty: all is well
	}{
		"all":                {root: `{"links":{` + login + `,` + api + `}}`},
		"nulls":              {root: `{"links":{` + login + `,` + api + `,"routing":null,"cloud_controller_v3":null}}`},
		"login alone":        {root: `{"links":{"login":{"href":"STANDIN/uaa"},` + api + `}}`},
		"slashes at the end": {root: `{"links":{"uaa":{"href":"STANDIN/uaa/"},"network_policy_v1":{"href":"STANDIN/networking/v1/external/"}}}`},
		"no UAA":             {root: `{"links":{` + api + `}}`, want: "no links.uaa; check that CF_API_ADDRESS is the CF API"},
		"no policy API":      {root: `{"links":{` + login + `}}`, want: "no links.network_policy_v1; is container-to-container networking deployed there?"},
		"not CF":             {root: `{}`, want: "no links.uaa"},
		"not a URL":          {root: `{"links":{` + login + `,"network_policy_v1":{"href":"/networking/v1"}}}`, want: `links.network_policy_v1 is "/networking/v1" and not a URL`},
		"in clear":           {root: `{"links":{` + login + `,` + api + `}}`, tls: true, want: "and not https, so that no token is sent there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stand(t, cf.Options{})
			with := settings(s)
			with.CFAPIAddress = root(t, c.tls, func() string { return strings.ReplaceAll(c.root, "STANDIN", s.URL()) })
			with.SkipTLSValidation = c.tls
			_, err := c2c.New(with, func(string, error) {}).List(t.Context())
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if sent := s.Requests()["POST /uaa/oauth/token"]; sent != 0 && c.tls {
				t.Error("the secret was sent in clear")
			}
		})
	}
}

func root(t *testing.T, tls bool, text func() string) string {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text())) })
	server := httptest.NewUnstartedServer(handler)
	if tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL
}

// TestLinkAppears asks the root again after it lacked a link.
func TestLinkAppears(t *testing.T) {
	s := stand(t, cf.Options{})
	var deployed atomic.Bool
	with := settings(s)
	with.CFAPIAddress = root(t, false, func() string {
		policies := ""
		if deployed.Load() {
			policies = s.URL() + "/networking/v1/external"
		}
		return fmt.Sprintf(`{"links":{"uaa":{"href":"%s/uaa"},"network_policy_v1":{"href":%q}}}`, s.URL(), policies)
	})
	client := c2c.New(with, func(string, error) {})
	if _, err := client.List(t.Context()); err == nil {
		t.Error("no policy API, and the call went well")
	}
	deployed.Store(true)
	if _, err := client.List(t.Context()); err != nil {
		t.Error(err)
	}
}
