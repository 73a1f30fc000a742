package cfapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudfoundry/go-cfclient/v3/resource"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// discover reads the links of the CF API's root (GET /). go-cfclient would do
// so too, but outside any context, with a token that the root doesn't need,
// and without the status of a refusal. What settings say counts before the links.
func (c *connector) discover(ctx context.Context) (*connection, error) {
	found := &connection{addresses: map[Part]string{}}
	if c.settings.Known[UAA] == "" {
		if err := c.readRoot(ctx, found); err != nil {
			return nil, err
		}
	}
	for part, address := range c.settings.Known {
		if address != "" {
			found.addresses[part] = strings.TrimRight(address, "/")
		}
	}
	login, err := found.address(UAA)
	if err != nil {
		return nil, err
	}
	found.tokens = &tokens{timeout: c.settings.Timeout, fetch: c.tokenFrom(login)}
	return found, nil
}

// readRoot fills in the links.
func (c *connector) readRoot(ctx context.Context, found *connection) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.settings.CFAPIAddress, "/")+"/", nil)
	if err != nil {
		return err
	}
	var root resource.Root
	if _, err := c.exchange(request, Request{Part: APIRoot, Answer: &root}); err != nil {
		return err
	}
	for part, address := range map[Part]string{
		UAA:             cmp.Or(root.Links.Uaa.Href, root.Links.Login.Href),
		PolicyServer:    root.Links.NetworkPolicyV1.Href,
		CloudController: root.Links.CloudControllerV3.Href,
	} {
		if err := checkLink(request.URL, part, address); err != nil {
			return err
		}
		found.addresses[part] = strings.TrimRight(address, "/")
	}
	return nil
}

// checkLink refuses a link that isn't a URL, and one that would send the
// secret or a token in clear though the CF API itself is https.
func checkLink(root *url.URL, part Part, address string) error {
	if address == "" {
		return nil // told when the part is needed: see connection.address
	}
	link, err := url.Parse(address)
	if err != nil || link.Host == "" || link.Scheme != "http" && link.Scheme != "https" {
		return fmt.Errorf("its links.%s is %.200q and not a URL; check that CF_API_ADDRESS is the CF API", part.link(), address)
	}
	if root.Scheme == "https" && link.Scheme != "https" {
		return fmt.Errorf("its links.%s is %.200q and not https, so that no token is sent there; have the foundation's configuration corrected",
			part.link(), address)
	}
	return nil
}

// tokenFrom fetches tokens from the UAA at an address (POST /oauth/token). An
// id or a secret that was read from a file may end in a newline.
func (c *connector) tokenFrom(address string) func(context.Context) (*oauth2.Token, error) {
	grant := &clientcredentials.Config{
		ClientID:     strings.TrimSpace(c.settings.ClientID),
		ClientSecret: strings.TrimSpace(c.settings.ClientSecret),
		TokenURL:     address + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	return func(ctx context.Context) (*oauth2.Token, error) {
		token, err := grant.Token(context.WithValue(ctx, oauth2.HTTPClient, c.http))
		if err != nil {
			return nil, c.tokenError(ctx, address, err)
		}
		return token, nil
	}
}
