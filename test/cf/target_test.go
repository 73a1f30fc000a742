package cf_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/test/cf"
)

// target is the Cloud Foundry that the contract is tried on.
type target struct {
	http       *http.Client
	policyAPI  string // without a trailing slash
	tokens     map[role]string
	scopes     map[role]string
	app, other string
	quota      int
}

type account struct{ id, secret, scopes string }

func newTarget(t *testing.T) target {
	if api := os.Getenv("POLICY_CONTRACT_CF_API"); api != "" {
		return targetFromEnv(t, api)
	}
	return standinTarget(t)
}

// targetFromEnv is a real Cloud Foundry:
//
//	POLICY_CONTRACT_CF_API           its API's address
//	POLICY_CONTRACT_CA_FILE          its CA in PEM, unless the system trusts it
//	POLICY_CONTRACT_CLIENT_ID        a UAA client with the authority network.admin
//	POLICY_CONTRACT_CLIENT_SECRET
//	POLICY_CONTRACT_WRITER_ID        a client with network.write, for its rows
//	POLICY_CONTRACT_WRITER_SECRET
//	POLICY_CONTRACT_WRITER_SCOPES    its scopes with spaces between, as UAA orders them
//	POLICY_CONTRACT_WRITER_APP       the GUID of an app without policies, in a space where it is SpaceDeveloper
//	POLICY_CONTRACT_OTHER_APP        the GUID of an app in a space where it isn't
//	POLICY_CONTRACT_QUOTA            max_policies_per_app_source, unless 150
//	POLICY_CONTRACT_STRANGER_ID      a client with neither network scope, for its rows
//	POLICY_CONTRACT_STRANGER_SECRET
//	POLICY_CONTRACT_STRANGER_SCOPES
func targetFromEnv(t *testing.T, api string) target {
	get := func(name string) string { return os.Getenv("POLICY_CONTRACT_" + name) }
	accounts := map[role]account{
		admin:    {get("CLIENT_ID"), get("CLIENT_SECRET"), "network.admin"},
		writer:   {get("WRITER_ID"), get("WRITER_SECRET"), get("WRITER_SCOPES")},
		stranger: {get("STRANGER_ID"), get("STRANGER_SECRET"), get("STRANGER_SCOPES")},
	}
	c := target{http: &http.Client{}, app: get("WRITER_APP"), other: get("OTHER_APP"), quota: 150}
	if quota := get("QUOTA"); quota != "" {
		var err error
		if c.quota, err = strconv.Atoi(quota); err != nil {
			t.Fatalf("POLICY_CONTRACT_QUOTA: %v", err)
		}
	}
	if file := get("CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("POLICY_CONTRACT_CA_FILE: %v", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			t.Fatalf("POLICY_CONTRACT_CA_FILE: %s holds no certificate", file)
		}
		c.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	}
	return c.connect(t, api, accounts)
}

func standinTarget(t *testing.T) target {
	s := start(t, cf.Options{Quota: 20, TLS: true})
	s.AddClient(cf.Client{ID: "writer", Secret: "w", Authorities: []string{"network.write"}, Spaces: []string{s.Space()}})
	s.AddClient(cf.Client{ID: "stranger", Secret: "s", Authorities: []string{"cloud_controller.read", "openid"}})
	c := target{
		http:  s.HTTPClient(),
		app:   s.AddApp(cf.App{}).GUID,
		other: s.AddApp(cf.App{Space: s.AddSpace("demo", "other")}).GUID,
		quota: 20,
	}
	return c.connect(t, s.URL(), map[role]account{
		admin:    {s.Client().ID, s.Client().Secret, "network.admin"},
		writer:   {"writer", "w", "network.write"},
		stranger: {"stranger", "s", "cloud_controller.read openid"},
	})
}

// start is a stand-in for the time of a test.
func start(t *testing.T, options cf.Options) *cf.Server {
	t.Helper()
	s, err := cf.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// connect finds the API as the broker does and gets each account a token.
func (c target) connect(t *testing.T, api string, accounts map[role]account) target {
	var root struct {
		Links map[string]struct{ Href string }
	}
	response, err := c.http.Get(api)
	if err != nil {
		t.Fatal(err)
	}
	decode(t, response, &root)
	c.policyAPI = strings.TrimSuffix(root.Links["network_policy_v1"].Href, "/")
	c.tokens, c.scopes = map[role]string{}, map[role]string{}
	for role, account := range accounts {
		if account.id != "" {
			c.tokens[role] = c.token(t, root.Links["uaa"].Href, account)
			c.scopes[role] = account.scopes
		}
	}
	return c
}

func (c target) token(t *testing.T, uaa string, account account) string {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {account.id}, "client_secret": {account.secret}}
	response, err := c.http.PostForm(uaa+"/oauth/token", form)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	decode(t, response, &answer)
	return answer.Token
}

func decode(t *testing.T, response *http.Response, into any) {
	t.Helper()
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: status %d", response.Request.Method, response.Request.URL, response.StatusCode)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("decoding the answer of %s: %v", response.Request.URL, err)
	}
}
