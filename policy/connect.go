package policy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/cloudfoundry/go-cfclient/v3/client"
	"github.com/cloudfoundry/go-cfclient/v3/config"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// connection is what one CF API address leads to: the external policy API's
// address and a source of tokens for it.
type connection struct {
	policyAPI string
	tokens    oauth2.TokenSource
	http      *http.Client
}

// connector finds the connection when it is first needed, since asking CF at
// start would keep the broker from starting while CF is down.
type connector struct {
	settings  Settings
	discovery singleflight.Group

	mu    sync.Mutex
	found *connection
}

// get returns the connection, finding it by the links of the CF API's root:
// links.uaa and links.network_policy_v1. Callers that need it at the same
// time share one search.
func (c *connector) get(ctx context.Context) (*connection, error) {
	c.mu.Lock()
	found := c.found
	c.mu.Unlock()
	if found != nil {
		return found, nil
	}
	search := c.discovery.DoChan("", func() (any, error) { return c.find(context.WithoutCancel(ctx)) })
	select {
	case result := <-search:
		if result.Err != nil {
			return nil, fmt.Errorf("finding the policy API from CF API %s: %w", c.settings.CFAPIAddress, result.Err)
		}
		return result.Val.(*connection), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *connector) find(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	found, err := discover(ctx, c.settings)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = found
	return found, nil
}

// drop forgets a connection whose token was refused, unless another caller
// has done so already.
func (c *connector) drop(refused *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found == refused {
		c.found = nil
	}
}

func discover(ctx context.Context, s Settings) (*connection, error) {
	options := []config.Option{
		config.ClientCredentials(s.ClientID, s.ClientSecret),
		config.UserAgent("cf-helm-broker"),
		config.RequestTimeout(s.Timeout),
	}
	if s.SkipTLSValidation {
		options = append(options, config.SkipTLSValidation())
	}
	cf, err := config.New(s.CFAPIAddress, options...)
	if err != nil {
		return nil, err
	}
	api, err := client.New(cf)
	if err != nil {
		return nil, err
	}
	root, err := api.Root.Get(ctx)
	if err != nil {
		// go-cfclient gets a token for the root, too.
		return nil, fmt.Errorf("reading the API root: %w", tokenError(err))
	}
	address := root.Links.NetworkPolicyV1.Href
	if parsed, err := url.Parse(address); err != nil || parsed.Host == "" {
		return nil, errors.New("the API root has no links.network_policy_v1; is container-to-container networking deployed there?")
	}
	// The token source outlives this request: it renews tokens for as long as
	// the broker runs.
	tokens, err := cf.CreateOAuth2TokenSource(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	return &connection{policyAPI: address, tokens: tokens, http: cf.HTTPClient()}, nil
}
