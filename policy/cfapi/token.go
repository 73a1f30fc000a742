package cfapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// tokens keeps UAA's newest token. Unlike oauth2's own source, a caller waits
// for a new one no longer than its context lasts, and never behind others'
// failed attempts.
type tokens struct {
	fetch   func(context.Context) (*oauth2.Token, error)
	timeout time.Duration
	flight  singleflight.Group

	mu     sync.Mutex
	newest *oauth2.Token
}

// get returns a token that is good for some seconds at least. Callers that
// need a new one at the same time share it.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, error) {
	if newest := t.current(); newest.Valid() {
		return newest, nil
	}
	renewal := t.flight.DoChan("", func() (any, error) { return t.renew(context.WithoutCancel(ctx)) })
	select {
	case result := <-renewal:
		if result.Err != nil {
			return nil, fmt.Errorf("getting a token from UAA: %w", result.Err)
		}
		return result.Val.(*oauth2.Token), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a token from UAA: %w", ctx.Err())
	}
}

func (t *tokens) current() *oauth2.Token {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest
}

func (t *tokens) renew(ctx context.Context) (*oauth2.Token, error) {
	if newest := t.current(); newest.Valid() { // since another renewal ended as this one began
		return newest, nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	token, err := t.fetch(ctx)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.newest = token
	return token, nil
}

// tokenError keeps UAA's status and error code of a refusal, and not its whole
// answer. An answer that is no token is told apart from UAA being away.
func (c *connector) tokenError(ctx context.Context, address string, err error) error {
	var refused *oauth2.RetrieveError
	var unreached *url.Error
	switch {
	case errors.As(err, &refused) && refused.Response != nil:
		return refusal(Request{Part: UAA, names: c.settings.Names}, refused.Response, []byte(refused.ErrorCode))
	case errors.As(err, &unreached):
		return c.unreached(err)
	case ctx.Err() != nil:
		return fmt.Errorf("%s gave no whole answer within CF_REQUEST_TIMEOUT (%s): %w", address, c.settings.Timeout, &url.Error{Op: "Post", URL: address, Err: ctx.Err()})
	}
	return fmt.Errorf("what %s answered is no token: %w; %s", address, err, c.settings.Names.notJSON())
}

// unauthorized tells whether a part of CF, and not UAA, refused the request's
// token.
func unauthorized(err error, by Part) bool {
	var refused *policy.Error
	return errors.As(err, &refused) && refused.Status == http.StatusUnauthorized && refused.Server == string(by)
}
