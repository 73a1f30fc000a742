package cfapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

// Settings is where and as whom the client calls.
type Settings struct {
	// CFAPIAddress is the CF API's root, such as https://api.example.com.
	CFAPIAddress string
	// ClientID and ClientSecret are a UAA client's with authorized_grant_types
	// client_credentials.
	ClientID     string
	ClientSecret string
	// SkipTLSValidation accepts any certificate of the CF API.
	SkipTLSValidation bool
	// Timeout bounds each request.
	Timeout time.Duration
	// Known are addresses of parts that the operator says: the root's links don't count for
	// them. Where UAA is known the root isn't asked, and the others have to be known too.
	Known map[Part]string
	// Names are those of the settings that errors say to look at.
	Names Names
}

// Names are the settings that a client was made from. The zero Names are those of the CF
// API.
type Names struct {
	Address string // of where it calls
	Client  string // of the UAA client's id and secret
}

func (n Names) address() string { return cmp.Or(n.Address, "CF_API_ADDRESS") }
func (n Names) check() string {
	if n.Address != "" {
		return "check " + n.Address
	}
	return "check that CF_API_ADDRESS is the CF API"
}
func (n Names) client() string { return cmp.Or(n.Client, "CF_CLIENT_ID and CF_CLIENT_SECRET") }

// Client calls Cloud Foundry. Its methods may be called from any number of
// goroutines.
type Client struct {
	connector *connector
	observe   func(call string, err error)
}

// New returns a client; it sends no request. observe is told of each call, by
// Request.Call, and how it ended.
func New(settings Settings, observe func(call string, err error)) *Client {
	return &Client{connector: newConnector(settings), observe: observe}
}

// Call sends a request and returns the answer's header. A refusal is a
// *policy.Error.
func (c *Client) Call(ctx context.Context, r Request) (http.Header, error) {
	header, err := c.connector.send(ctx, r)
	c.observe(r.Call, err)
	if err != nil {
		return nil, fmt.Errorf("calling %s (%s): %w", r.Part, r.Call, err)
	}
	return header, nil
}

// Refused tells whether the error is that a part of CF answered with this status.
func Refused(err error, by Part, status int) bool {
	var refused *policy.Error
	return errors.As(err, &refused) && refused.Server == string(by) && refused.Status == status
}
