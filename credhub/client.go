package credhub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// Client calls CredHub. Its methods may be called from any number of goroutines.
type Client struct {
	broker string
	api    *cfapi.Client
	needs  string
	last   atomic.Pointer[outcome]
}

type outcome struct{ err error }

// New returns a client, which sends no request; the settings know where CredHub is.
// broker tells this broker's credentials from others' in the same CredHub.
func New(settings cfapi.Settings, broker string) *Client {
	return &Client{
		broker: broker,
		api:    cfapi.New(settings, func(string, error) {}),
		needs: fmt.Sprintf("give the UAA client the authorities credhub.read and credhub.write, and in CredHub: credhub set-permission -a uaa-client:%s -p '/c/%s/*' -o read,write,delete,read_acl,write_acl",
			strings.TrimSpace(settings.ClientID), broker),
	}
}

// API is what the client calls by.
func (c *Client) API() *cfapi.Client { return c.api }

// LastError is how the newest use of it ended: nil if it went well, or if there was none yet.
func (c *Client) LastError() error {
	if last := c.last.Load(); last != nil {
		return last.err
	}
	return nil
}

// foreign are the characters that a name in CredHub, or a part of one, can't hold.
var foreign = regexp.MustCompile(`[^a-zA-Z0-9_.-]`)

// Name is where the credentials of a binding are kept: as CredHub's documentation has it
// (secure-service-credentials.md), and Kibosh had it. Bindings' ids are the platform's, and
// unique in it.
func (c *Client) Name(service, binding string) string {
	return fmt.Sprintf("/c/%s/%s/%s/secrets-and-services", c.broker, foreign.ReplaceAllString(service, "-"), binding)
}

// Keep puts credentials under the name, over what there is, and lets the reader read them.
func (c *Client) Keep(ctx context.Context, name, reader string, credentials json.RawMessage) error {
	return c.note(c.keep(ctx, name, reader, credentials))
}

func (c *Client) keep(ctx context.Context, name, reader string, credentials json.RawMessage) error {
	var kept struct{ Name string }
	err := c.call(ctx, cfapi.Request{Call: "set", Method: http.MethodPut, Path: "/api/v1/data", Answer: &kept,
		Body: map[string]any{"name": name, "type": "json", "value": credentials}})
	if err != nil {
		return err
	}
	if !strings.EqualFold(kept.Name, name) {
		return errors.New("what CredHub answered isn't of the credential that was put; check CH_CRED_HUB_URL")
	}
	err = c.call(ctx, cfapi.Request{Call: "permit", Method: http.MethodPost, Path: "/api/v2/permissions", Answer: &permission{},
		Body: map[string]any{"path": name, "actor": reader, "operations": []string{"read"}}})
	if cfapi.Refused(err, cfapi.CredHub, http.StatusConflict) { // there is that very one
		return nil
	}
	return err
}

// Forget removes what is kept under the name, and the reader's permission, which CredHub
// would leave behind. Neither being there is no error.
func (c *Client) Forget(ctx context.Context, name, reader string) error {
	return c.note(c.forget(ctx, name, reader))
}

func (c *Client) forget(ctx context.Context, name, reader string) error {
	if err := c.forbid(ctx, name, reader); err != nil {
		return err
	}
	err := c.call(ctx, cfapi.Request{Call: "delete", Method: http.MethodDelete, Path: "/api/v1/data?" + url.Values{"name": {name}}.Encode()})
	if !absent(err) {
		return err
	}
	// CredHub says that also to whom it doesn't let delete it.
	left, err := c.below(ctx, path.Dir(name))
	if err == nil && left[strings.ToLower(name)] {
		return fmt.Errorf("CredHub lists the credential %s, and says that it isn't there to be deleted; %s", name, c.needs)
	}
	return err
}

type permission struct{ UUID string }

// forbid takes the reader's permission away.
func (c *Client) forbid(ctx context.Context, name, reader string) error {
	var found permission
	err := c.call(ctx, cfapi.Request{Call: "find-permission", Method: http.MethodGet, Answer: &found,
		Path: "/api/v2/permissions?" + url.Values{"path": {name}, "actor": {reader}}.Encode()})
	if err == nil {
		err = c.call(ctx, cfapi.Request{Call: "forbid", Method: http.MethodDelete, Path: "/api/v2/permissions/" + url.PathEscape(found.UUID)})
	}
	if absent(err) {
		return nil
	}
	return err
}

// Left returns those of the names that something is kept under: one GET for all of a
// broker's.
func (c *Client) Left(ctx context.Context, names []string) ([]string, error) {
	kept := map[string]bool{}
	for _, root := range roots(names) {
		found, err := c.below(ctx, root)
		if c.note(err) != nil {
			return nil, err
		}
		for name := range found {
			kept[name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !kept[strings.ToLower(name)] }), nil
}

// Count is how much is kept of this broker's.
func (c *Client) Count(ctx context.Context) (int, error) {
	names, err := c.below(ctx, "/c/"+c.broker)
	return len(names), err
}

// roots are the brokers' paths that the names are below: a broker may have had another
// name.
func roots(names []string) (all []string) {
	for _, name := range names {
		parts := strings.SplitN(name, "/", 4)
		all = append(all, strings.Join(parts[:min(3, len(parts))], "/"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// below are the names below a path, in lower case: CredHub doesn't tell cases apart.
func (c *Client) below(ctx context.Context, path string) (map[string]bool, error) {
	var answer struct{ Credentials []struct{ Name string } }
	err := c.call(ctx, cfapi.Request{Call: "find", Method: http.MethodGet, Path: "/api/v1/data?" + url.Values{"path": {path}}.Encode(), Answer: &answer})
	names := map[string]bool{}
	for _, found := range answer.Credentials {
		names[strings.ToLower(found.Name)] = true
	}
	return names, err
}

func (c *Client) call(ctx context.Context, r cfapi.Request) error {
	r.Part, r.Needs = cfapi.CredHub, c.needs
	_, err := c.api.Call(ctx, r)
	return err
}

// note keeps how it ended. That the caller gave up says nothing about CredHub.
func (c *Client) note(err error) error {
	if !errors.Is(err, context.Canceled) {
		c.last.Store(&outcome{err})
	}
	return err
}

// absent tells whether CredHub, and nothing on the way there, says that it isn't there.
func absent(err error) bool {
	var refused *policy.Error
	return cfapi.Refused(err, cfapi.CredHub, http.StatusNotFound) && errors.As(err, &refused) && strings.Contains(refused.Message, "does not exist") &&
		!strings.Contains(refused.Message, "Requested route")
}
