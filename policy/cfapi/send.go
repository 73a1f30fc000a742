package cfapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// Request is one call of a part of CF.
type Request struct {
	Call   string // its name among the metrics
	Part   Part
	Method string
	Path   string // below the part's link
	Needs  string // what to give the client that may not make it
	Body   any    // nil: none
	Answer any    // nil: not read

	names Names // of the settings that errors say to look at
}

// send sends a request, and a second time if the server refuses the token: it
// may have been revoked, or the server moved. A second request does no harm,
// since the first was refused. A secret that UAA refuses is not tried again.
func (c *connector) send(ctx context.Context, r Request) (http.Header, error) {
	header, err := c.sendOnce(ctx, r)
	if unauthorized(err, r.Part) {
		return c.sendOnce(ctx, r)
	}
	return header, err
}

func (c *connector) sendOnce(ctx context.Context, r Request) (http.Header, error) {
	found, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	address, err := found.address(r.Part)
	if err != nil {
		c.drop(found)
		return nil, err
	}
	token, err := found.tokens.get(ctx)
	if err != nil {
		if unauthorized(err, UAA) {
			c.drop(found)
		}
		return nil, err
	}
	httpRequest, err := newHTTPRequest(ctx, address, r)
	if err != nil {
		return nil, err
	}
	token.SetAuthHeader(httpRequest)
	header, err := c.exchange(httpRequest, r)
	if unauthorized(err, r.Part) {
		c.drop(found)
	}
	return header, err
}

func newHTTPRequest(ctx context.Context, address string, r Request) (*http.Request, error) {
	var payload io.Reader
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(text)
	}
	httpRequest, err := http.NewRequestWithContext(ctx, r.Method, address+r.Path, payload)
	if err != nil {
		return nil, err
	}
	httpRequest.Header.Set("Content-Type", "application/json")
	return httpRequest, nil
}

// exchange sends a request as it is and reads the answer.
func (c *connector) exchange(httpRequest *http.Request, r Request) (http.Header, error) {
	r.names = c.settings.Names
	httpRequest.Header.Set("User-Agent", "cf-helm-broker")
	httpRequest.Header.Set("Accept", "application/json")
	response, err := c.http.Do(httpRequest)
	if err != nil {
		return nil, c.unreached(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.Header, read(response, r)
}
