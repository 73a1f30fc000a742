package c2c

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// request is one call of a part of CF.
type request struct {
	call   string // its name among the metrics
	server server
	method string
	path   string // below the part's link
	needs  string // what to give the client that may not make it; empty: Roles
	body   any    // nil: none
	answer any    // nil: not read
}

// refused says of a refusal what this request needs.
func (r request) refused(err error) error {
	var refused *policy.Error
	if r.needs != "" && errors.As(err, &refused) && refused.Fix == Roles {
		refused.Fix = r.needs
	}
	return err
}

// send sends a request, and a second time if the server refuses the token: it
// may have been revoked, or the server moved. A second request does no harm,
// since the first was refused. A secret that UAA refuses is not tried again.
func (c *connector) send(ctx context.Context, r request) (http.Header, error) {
	header, err := c.sendOnce(ctx, r)
	if unauthorized(err, r.server) {
		return c.sendOnce(ctx, r)
	}
	return header, err
}

func (c *connector) sendOnce(ctx context.Context, r request) (http.Header, error) {
	found, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	address, err := found.address(r.server)
	if err != nil {
		c.drop(found)
		return nil, err
	}
	token, err := found.tokens.get(ctx)
	if err != nil {
		if unauthorized(err, uaa) {
			c.drop(found)
		}
		return nil, err
	}
	httpRequest, err := newHTTPRequest(ctx, address, r)
	if err != nil {
		return nil, err
	}
	token.SetAuthHeader(httpRequest)
	header, err := c.exchange(httpRequest, r.server, r.answer)
	if unauthorized(err, r.server) {
		c.drop(found)
	}
	return header, err
}

func newHTTPRequest(ctx context.Context, address string, r request) (*http.Request, error) {
	var payload io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(text)
	}
	httpRequest, err := http.NewRequestWithContext(ctx, r.method, address+r.path, payload)
	if err != nil {
		return nil, err
	}
	httpRequest.Header.Set("Content-Type", "application/json")
	return httpRequest, nil
}

// exchange sends a request as it is and reads the answer.
func (c *connector) exchange(r *http.Request, part server, answer any) (http.Header, error) {
	r.Header.Set("User-Agent", "cf-helm-broker")
	r.Header.Set("Accept", "application/json")
	response, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreached(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.Header, read(response, part, answer)
}
