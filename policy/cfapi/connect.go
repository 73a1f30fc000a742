package cfapi

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/sync/singleflight"
)

// connection is what one CF API address leads to: the addresses of CF's parts
// and the tokens for them.
type connection struct {
	addresses map[Part]string
	tokens    *tokens
}

// address is where a part of CF is, by the links of the CF API's root.
func (c *connection) address(part Part) (string, error) {
	if address := c.addresses[part]; address != "" {
		return address, nil
	}
	return "", fmt.Errorf("the CF API's root has no links.%s; %s", part.link(), part.withoutLink())
}

// connector finds the connection when it is first needed, since asking CF at
// start would keep the broker from starting while CF is down.
type connector struct {
	settings  Settings
	http      *http.Client
	discovery singleflight.Group

	mu    sync.Mutex
	found *connection
}

func newConnector(settings Settings) *connector {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if settings.SkipTLSValidation {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the operator says so
	}
	return &connector{settings: settings, http: &http.Client{
		Transport: transport,
		Timeout:   settings.Timeout,
		// A redirected POST comes out as a GET, and the page that it leads to
		// would be taken for the answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get returns the connection. Callers that need it at the same time share one
// search, and none waits for longer than its own context.
func (c *connector) get(ctx context.Context) (*connection, error) {
	if found := c.current(); found != nil {
		return found, nil
	}
	search := c.discovery.DoChan("", func() (any, error) { return c.find(context.WithoutCancel(ctx)) })
	select {
	case result := <-search:
		if result.Err != nil {
			return nil, fmt.Errorf("reading the root of the CF API %s (CF_API_ADDRESS): %w", c.settings.CFAPIAddress, result.Err)
		}
		return result.Val.(*connection), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the root of the CF API %s (CF_API_ADDRESS): %w", c.settings.CFAPIAddress, ctx.Err())
	}
}

func (c *connector) current() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found
}

func (c *connector) find(ctx context.Context) (*connection, error) {
	if found := c.current(); found != nil { // since another search ended as this one began
		return found, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	found, err := c.discover(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = found
	return found, nil
}

// drop forgets a connection that no longer serves, unless another caller has
// done so already.
func (c *connector) drop(stale *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found == stale {
		c.found = nil
	}
}
