package c2c

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudfoundry/go-cfclient/v3/resource"

	"github.com/cf-helm-broker/cf-helm-broker/policy/cfapi"
)

// DeletePlaceholder deletes the instance's placeholder app and waits until it
// is gone (GET /v3/apps, DELETE /v3/apps/{guid}, GET /v3/jobs/{guid}), or for
// as long as ctx lasts. It returns nil if there is none. It never touches an
// app without the broker's label.
//
// The app is looked for in every space that the client sees, by its name and,
// if guid isn't empty, by its GUID, so that it is found after CF_SPACE was
// changed or taken back, and after somebody has renamed it. If there is none and
// the client doesn't see CF_SPACE either, that is an error: the app may be there
// unseen.
func (c *Client) DeletePlaceholder(ctx context.Context, instanceID, guid string) error {
	if err := c.deletePlaceholder(ctx, instanceID, guid); err != nil {
		return fmt.Errorf("deleting the placeholder app of service instance %s: %w", instanceID, err)
	}
	return nil
}

func (c *Client) deletePlaceholder(ctx context.Context, instanceID, guid string) error {
	label := placeholderLabel + "=" + placeholderKey(instanceID)
	apps, err := c.findApps(ctx, url.Values{"names": {placeholderName(instanceID)}, "label_selector": {label}})
	if err == nil && len(apps) == 0 && guid != "" {
		apps, err = c.findApps(ctx, url.Values{"guids": {guid}, "label_selector": {label}})
	}
	if err != nil {
		return err
	}
	if len(apps) == 0 {
		_, err := c.findSpace(ctx)
		return err
	}
	for _, app := range apps {
		if named := app.Name == placeholderName(instanceID); !isPlaceholder(app, instanceID) || !named && app.GUID != guid {
			continue
		}
		if err := c.deleteApp(ctx, app); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) deleteApp(ctx context.Context, app *resource.App) error {
	header, err := c.callCC(ctx, "delete-app", http.MethodDelete, "/apps/"+url.PathEscape(app.GUID), nil, nil)
	if cfapi.Refused(err, cfapi.CloudController, http.StatusNotFound) {
		return c.checkGone(ctx, app, err)
	}
	if err != nil {
		return err
	}
	job := cfapi.JobIn(header.Get("Location"))
	if job == "" {
		return fmt.Errorf("the cloud controller accepted to delete app %s and named no job; try again to see whether it is gone", app.GUID)
	}
	if err := c.api.AwaitJob(ctx, job, Roles); err != nil {
		return fmt.Errorf("app %s: %w", app.Name, err)
	}
	return nil
}

// checkGone tells an app that another has deleted meanwhile from a 404 of CF's
// router, which knows no cloud controller for a moment.
func (c *Client) checkGone(ctx context.Context, app *resource.App, notFound error) error {
	apps, err := c.findApps(ctx, url.Values{"guids": {app.GUID}})
	if err != nil {
		return err
	}
	if len(apps) > 0 {
		return notFound
	}
	return nil
}
