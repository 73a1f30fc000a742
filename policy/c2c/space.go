package c2c

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// knownSpace is the GUID of the space for placeholder apps, found by its name
// once and then remembered.
func (c *Client) knownSpace(ctx context.Context) (string, error) {
	if known := c.space.Load(); known != nil {
		return *known, nil
	}
	return c.findSpace(ctx)
}

// findSpace looks the space up anew, by the names of its organization
// (GET /v3/organizations) and its own (GET /v3/spaces).
func (c *Client) findSpace(ctx context.Context) (string, error) {
	c.space.Store(nil)
	if c.settings.Org == "" || c.settings.Space == "" {
		return "", errors.New("no space is set for placeholder apps: set CF_ORG and CF_SPACE to the names of an organization and a space")
	}
	org, err := c.findOrg(ctx)
	if err != nil {
		return "", err
	}
	query := url.Values{"names": {cfapi.FilterValue(c.settings.Space)}, "organization_guids": {org}}
	var found resource.SpaceList
	if _, err := c.callCC(ctx, "find-space", http.MethodGet, "/spaces?"+query.Encode(), nil, &found); err != nil {
		return "", err
	}
	spaces := present(found.Resources)
	if len(spaces) != 1 {
		return "", fmt.Errorf("CF_SPACE: the client sees no space %q in organization %q (CF_ORG); correct the name, create the space, or %s",
			c.settings.Space, c.settings.Org, Roles)
	}
	c.space.Store(&spaces[0].GUID)
	return spaces[0].GUID, nil
}

func (c *Client) findOrg(ctx context.Context) (string, error) {
	query := url.Values{"names": {cfapi.FilterValue(c.settings.Org)}}
	var found resource.OrganizationList
	if _, err := c.callCC(ctx, "find-org", http.MethodGet, "/organizations?"+query.Encode(), nil, &found); err != nil {
		return "", err
	}
	orgs := present(found.Resources)
	if len(orgs) != 1 {
		return "", fmt.Errorf("CF_ORG: the client sees no organization %q; correct the name, create the organization, or %s", c.settings.Org, Roles)
	}
	return orgs[0].GUID, nil
}

// CheckSpace says why the space for placeholder apps can't be used, as far as that is seen
// without making one.
func (c *Client) CheckSpace(ctx context.Context) error {
	_, err := c.findSpace(ctx)
	return err
}
