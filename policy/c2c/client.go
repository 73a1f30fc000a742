package c2c

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Settings is where and as whom the client calls. The UAA client needs the authority
// network.admin, and for placeholder apps more: see Roles.
type Settings struct {
	cfapi.Settings
	// Org and Space are the names of the organization and the space in which
	// placeholder apps are made. Nothing else needs them.
	Org, Space string
}

// Client calls CF's external policy API, v1, and for placeholder apps and domains the
// cloud controller's API, v3. Its methods may be called from any number of
// goroutines.
type Client struct {
	settings Settings
	api      *cfapi.Client
	last     atomic.Pointer[outcome]
	space    atomic.Pointer[string] // its GUID, once found
}

type outcome struct{ err error }

// New returns a client; it sends no request. observe is told of each call and
// how it ended: "list", "create" and "delete" of policies; for placeholder
// apps "find-org", "find-space", "find-app", "create-app", "delete-app" and
// "read-job"; for domains "list-domains".
func New(settings Settings, observe func(call string, err error)) *Client {
	return &Client{settings: settings, api: cfapi.New(settings.Settings, observe)}
}

// API is what the client calls Cloud Foundry by, for others to do so by the same tokens.
func (c *Client) API() *cfapi.Client { return c.api }

// LastError is how the newest call of the policy API ended: nil if it went
// well, or if there was none yet. It sends no request. Calls of the cloud
// controller don't count: the next one may be days away, and a failure would
// stand till then.
func (c *Client) LastError() error {
	if last := c.last.Load(); last != nil {
		return last.err
	}
	return nil
}

// body is the form of every request and of the list's answer.
type body struct {
	Policies []policy.Policy `json:"policies"`
}

// List returns every policy that the client may see (GET /policies).
func (c *Client) List(ctx context.Context) ([]policy.Policy, error) {
	return c.list(ctx, "/policies")
}

// Missing returns those of the policies that there aren't: one GET for the whole
// foundation.
func (c *Client) Missing(ctx context.Context, wanted []policy.Policy) ([]policy.Policy, error) {
	actual, err := c.List(ctx)
	return policy.Without(wanted, actual), err
}

// few groups are asked for by their ids, of 36 characters each: net/http takes 1 MiB of
// headers, proxies often 8 KiB.
const few = 100

// Left returns those of the policies that there are (GET /policies?dest_id=…,…, or all
// where an address would be too long).
func (c *Client) Left(ctx context.Context, closed []policy.Policy) ([]policy.Policy, error) {
	path, groups := "/policies", policy.Groups(closed)
	if len(groups) <= few {
		path += "?dest_id=" + url.QueryEscape(strings.Join(groups, ","))
	}
	actual, err := c.list(ctx, path)
	return policy.SetOf(actual).Of(closed), err
}

func (c *Client) list(ctx context.Context, path string) ([]policy.Policy, error) {
	var answer body
	err := c.call(ctx, cfapi.Request{Call: "list", Part: cfapi.PolicyServer, Method: http.MethodGet, Path: path, Answer: &answer})
	return answer.Policies, err
}

// Create posts the policies in one transaction (POST /policies). Those that
// exist already stay as they are. Invalid ones are not sent.
func (c *Client) Create(ctx context.Context, policies []policy.Policy) error {
	if err := policy.Validate(policies); err != nil {
		return err
	}
	return c.post(ctx, "create", "/policies", policies)
}

// Delete deletes the policies in one transaction (POST /policies/delete).
// Those that don't exist are no error.
func (c *Client) Delete(ctx context.Context, policies []policy.Policy) error {
	return c.post(ctx, "delete", "/policies/delete", policies)
}

func (c *Client) post(ctx context.Context, call, path string, policies []policy.Policy) error {
	return c.call(ctx, cfapi.Request{Call: call, Part: cfapi.PolicyServer, Method: http.MethodPost, Path: path,
		Body: &body{Policies: policies}, Answer: &struct{}{}})
}

// call calls the policy API.
func (c *Client) call(ctx context.Context, r cfapi.Request) error {
	_, err := c.api.Call(ctx, r)
	// That the caller gave up says nothing about the policy API.
	if !errors.Is(err, context.Canceled) {
		c.last.Store(&outcome{err})
	}
	return err
}

// callCC calls the cloud controller for what placeholder apps need.
func (c *Client) callCC(ctx context.Context, call, method, path string, body, answer any) (http.Header, error) {
	return c.api.Call(ctx, cfapi.Request{Call: call, Part: cfapi.CloudController, Method: method, Path: path, Needs: Roles, Body: body, Answer: answer})
}
