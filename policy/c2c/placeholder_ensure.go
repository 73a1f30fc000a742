package c2c

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// EnsurePlaceholder returns the GUID of the instance's placeholder app, which
// it creates in the space Settings.Org, Settings.Space unless it is there
// (GET and POST /v3/apps). It may be repeated, at the same time too and after
// any failure: there is one app in the end.
//
// An app that somebody deleted is made anew with another GUID, and pods keep the
// policy group that they were started with.
func (c *Client) EnsurePlaceholder(ctx context.Context, instanceID string) (guid string, err error) {
	guid, err = c.ensurePlaceholder(ctx, instanceID)
	if err != nil {
		return "", fmt.Errorf("making the placeholder app of service instance %s: %w", instanceID, err)
	}
	return guid, nil
}

func (c *Client) ensurePlaceholder(ctx context.Context, instanceID string) (string, error) {
	space, err := c.knownSpace(ctx)
	if err != nil {
		return "", err
	}
	guid, err := c.ensureIn(ctx, space, instanceID)
	if !cfapi.Refused(err, cfapi.CloudController, http.StatusUnprocessableEntity) {
		return guid, err
	}
	// Among its other reasons: the space is gone. Another may have its name.
	now, spaceErr := c.findSpace(ctx)
	if spaceErr != nil {
		return "", spaceErr
	}
	if now == space {
		return "", err
	}
	return c.ensureIn(ctx, now, instanceID)
}

func (c *Client) ensureIn(ctx context.Context, space, instanceID string) (string, error) {
	guid, err := c.placeholderIn(ctx, space, instanceID)
	if err != nil || guid != "" {
		return guid, err
	}
	var created resource.App
	_, err = c.callCC(ctx, "create-app", http.MethodPost, "/apps", newPlaceholder(space, instanceID), &created)
	if err == nil {
		return checkGUID(created.GUID)
	}
	// Another replica may have taken the name just now, or the answer may have
	// got lost: what counts is whether the app is there.
	if guid, findErr := c.placeholderIn(ctx, space, instanceID); findErr == nil && guid != "" {
		return guid, nil
	}
	return "", err
}
