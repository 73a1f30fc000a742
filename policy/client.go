package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Settings is where and as whom the client calls.
type Settings struct {
	// CFAPIAddress is the CF API's root, such as https://api.example.com.
	CFAPIAddress string
	// ClientID and ClientSecret are a UAA client's with
	// authorized_grant_types client_credentials and authorities network.admin.
	ClientID     string
	ClientSecret string
	// SkipTLSValidation accepts any certificate of the CF API.
	SkipTLSValidation bool
	// Timeout bounds each request.
	Timeout time.Duration
}

// Client calls CF's external policy API, v1. Its methods may be called from
// any number of goroutines.
type Client struct {
	connector connector
	observe   func(call string, err error)
	last      atomic.Pointer[outcome]
}

type outcome struct{ err error }

// New returns a client; it sends no request. observe is told of each call
// ("list", "create", "delete") and how it ended.
func New(settings Settings, observe func(call string, err error)) *Client {
	return &Client{connector: connector{settings: settings}, observe: observe}
}

// LastError is how the newest call ended: nil if it went well, or if there
// was none yet. It sends no request.
func (c *Client) LastError() error {
	if last := c.last.Load(); last != nil {
		return last.err
	}
	return nil
}

// body is the form of every request and of the list's answer.
type body struct {
	Policies []Policy `json:"policies"`
}

// List returns every policy that the client may see (GET /policies).
func (c *Client) List(ctx context.Context) ([]Policy, error) {
	var answer body
	err := c.call(ctx, "list", http.MethodGet, "/policies", nil, &answer)
	return answer.Policies, err
}

// ListTo returns the policies to one policy group (GET /policies?dest_id=…).
func (c *Client) ListTo(ctx context.Context, group string) ([]Policy, error) {
	var answer body
	err := c.call(ctx, "list", http.MethodGet, "/policies?dest_id="+url.QueryEscape(group), nil, &answer)
	return answer.Policies, err
}

// Create posts the policies in one transaction (POST /policies). Those that
// exist already stay as they are.
func (c *Client) Create(ctx context.Context, policies []Policy) error {
	return c.call(ctx, "create", http.MethodPost, "/policies", &body{Policies: policies}, nil)
}

// Delete deletes the policies in one transaction (POST /policies/delete).
// Those that don't exist are no error.
func (c *Client) Delete(ctx context.Context, policies []Policy) error {
	return c.call(ctx, "delete", http.MethodPost, "/policies/delete", &body{Policies: policies}, nil)
}

func (c *Client) call(ctx context.Context, name, method, path string, request *body, answer any) error {
	err := c.callOnce(ctx, method, path, request, answer)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		// The token may have been revoked, or UAA moved: the calls are
		// idempotent, so once more with everything found anew.
		err = c.callOnce(ctx, method, path, request, answer)
	}
	c.observe(name, err)
	c.last.Store(&outcome{err})
	if err != nil {
		return fmt.Errorf("calling the policy API (%s policies): %w", name, err)
	}
	return nil
}

func (c *Client) callOnce(ctx context.Context, method, path string, request *body, answer any) error {
	connection, err := c.connector.get(ctx)
	if err != nil {
		return err
	}
	err = connection.send(ctx, method, path, request, answer)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		c.connector.drop(connection)
	}
	return err
}

func (c *connection) send(ctx context.Context, method, path string, request *body, answer any) error {
	token, err := c.tokens.Token()
	if err != nil {
		return fmt.Errorf("getting a token from UAA: %w", tokenError(err))
	}
	var payload io.Reader
	if request != nil {
		text, err := json.Marshal(request)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(text)
	}
	httpRequest, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.policyAPI, "/")+path, payload)
	if err != nil {
		return err
	}
	httpRequest.Header.Set("Content-Type", "application/json")
	token.SetAuthHeader(httpRequest)
	response, err := c.http.Do(httpRequest)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	return read(response, answer)
}
